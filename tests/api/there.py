"""Things that are there, for calls to be about."""


class There:
    """Makes things for calls to be about, since the ids that are generated name nothing."""

    def __init__(self, client):
        self.client = client

    def id_for(self, name, path, generated):
        """The id of a new thing of the kind that the parameter stands for in this path, where we know how to make it."""
        if path.startswith("/v1/inbox/"):
            return {"source": "default"}.get(name) or self.client.post("/webhook", {"type": "a.b"}).json["id"]
        if path.startswith("/v1/sources/"):
            return self.source()
        return getattr(self, name, lambda: generated)()

    def endpoint_id(self):
        return self.client.endpoint()["id"]

    def event_id(self):
        return self.client.event(data={}).json["id"]

    def delivery_id(self):
        endpoint = self.endpoint_id()
        return f"{self.event_id()}:{endpoint}"

    def cancelled(self):
        """The id of a delivery that is finished."""
        delivery = self.delivery_id()
        self.client.post(f"/v1/deliveries/{delivery}/cancel")
        return delivery

    def tenant(self):
        self.client.event(data={}, tenant="acme")
        return "acme"

    def deleted(self):
        """A tenant that is being deleted."""
        self.client.delete(f"/v1/tenants/{self.tenant()}")
        return "acme"

    def key_id(self):
        return self.client.post("/v1/keys", {"name": "a key", "scopes": ["read"]}).json["id"]

    def recovery_id(self):
        scope = {"since": "2026-01-01T00:00:00Z"}
        return self.client.post(f"/v1/endpoints/{self.endpoint_id()}/recover", scope).json["id"]

    def link_id(self):
        return self.client.post("/v1/portal-links", {}).json["id"]

    def name(self):
        self.client("PUT", "/v1/event-types/invoice.paid", {"schema": {}, "example": {}})
        return "invoice.paid"

    def source(self):
        self.client("PUT", "/v1/sources/shop", {"scheme": "github", "secrets": ["hush-hush-hush-1"]})
        return "shop"
