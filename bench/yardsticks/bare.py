"""A bare loop of signed POSTs through one `requests.Session`; prints the CPU seconds that they took."""

import hashlib
import hmac
import sys
import time

import requests


def main(url: str, count: int, size: int) -> None:
    """Send `count` bodies of `size` bytes one after the other."""
    session = requests.Session()
    session.trust_env = False
    body = b"x" * size
    session.post(url, data=body, timeout=15)
    before = time.process_time()
    for number in range(count):
        timestamp = str(int(time.time()))
        signed = hmac.new(b"secret", f"{number}.{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"webhook-id": str(number), "webhook-timestamp": timestamp, "webhook-signature": signed}
        session.post(url, data=body, headers=headers, timeout=15).raise_for_status()
    print(time.process_time() - before)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
