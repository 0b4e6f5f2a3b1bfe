"""Every key of the store, in one place; the scripts write `K.<name>` for them."""

PREFIXES = {
    "delivery": "delivery:",  # hash, readable: one delivery
    "attempts": "attempts:",  # list of packed attempt records, the first one first
    "event": "event:",  # hash: <tenant>:<event id>
    "body": "body:",  # string: the exact text sent, <tenant>:<event id>
    "owed": "owed:",  # list of endpoint ids in the order of the deliveries, <tenant>:<event id>
    "idempotency": "idempotency:",  # string: event id, <tenant>:<key>
    "events": "events:",  # sorted set of event ids by creation, <tenant>
    "index": "index:",  # sorted sets of delivery ids by creation: tenant|endpoint:<id>:<group>
    "endpoint": "endpoint:",  # hash: one endpoint
    "endpoints": "endpoints:",  # sorted set of endpoint ids by creation, <tenant>
    "version": "endpoints_version:",  # integer, <tenant>; below 0 while the tenant is being deleted
    "tenants": "tenant_names",  # sorted set, all with the score 0: tenants that have anything
    "tenant": "tenant:",  # hash: how long a tenant's events are kept
    "expiring": "expiring",  # sorted set by the time when they go: finished events, <tenant>:<event id>
    "ready": "ready:",  # sorted sets: <lane>:fresh|retry (tenants by turn), <lane>:fresh|retry:<tenant>
    "turn": "ready-turn:",  # integer, <lane>
    "published": "published:",  # sorted set by publishing time, <lane>
    "conveyor": "conveyor:",  # hash: tenant to how many of its are in published, <lane>
    "watermark": "watermark:",  # integer µs: latest publishing time claimed, to 0.1 s, <lane> or <lane>:yielding
    "claimed": "claimed",  # sorted set by lease end
    "due": "due",  # sorted set by due time: delivery ids, ep:<id>, job:<id>
    "waiting": "waiting:",  # sorted set by accept sequence, <endpoint id>
    "waiting_count": "waiting_count",  # integer: how many are in all of waiting:… and line:…
    "heads": "heads:",  # hash: ordering key to the delivery that is the head of its line, <endpoint id>
    "line": "line:",  # sorted set by accept sequence: who stands behind a head, <endpoint id>:<ordering key>
    "lines": "lines:",  # set of ordering keys with a line, <endpoint id>
    "health": "health:",  # hash: outcomes by minute for the breaker, <endpoint id>
    "breakers": "breakers",  # hash: endpoint id to open or half_open; a closed breaker is not there
    "notices": "notices",  # list of JSON: changes that operational events are to be made of
    "in_flight": "in_flight:",  # sorted set by the end of the slot, <endpoint id>
    "sequence": "sequence",  # integer
    "fanout": "fanout:",  # list of 1|0 and endpoint id: who still gets a delivery, <tenant>:<event id>
    "recovering": "recovering:",  # lists of a recovery: <job>:turns|found (endpoint ids), <job>:todo|out:<endpoint id>
    "job": "job:",  # hash: one piece of background work
    "flow": "flow",  # hash: raw flow counters
    "portal_link": "portal_link:",  # hash with expiry: one link, <link id>
    "portal_links": "portal_links:",  # sorted set of link ids by their end (ms), <tenant>
    "recent": "recent:",  # list of packed outcomes, the latest first, <endpoint id>
    "failing": "failing",  # sorted set of endpoint ids by their first failure (µs) since the last success
    "slow": "slow:",  # sorted set with expiry: endpoint ids by slowest attempt (ms) in an hour, <hours since 1970>
    "minute": "minute:",  # hash with expiry: what was counted within one minute, <minutes since 1970>
    "stager": "mark:stager",  # integer µs
    "canary": "mark:canary:",  # integer µs, <lane>
    "canary_turn": "turn:canary:",  # string with expiry, <lane>
    "event_type": "event_type:",  # hash: one entry of the catalogue, <name>
    "event_types": "event_types",  # sorted set of their names, all with the score 0
    "event_types_version": "event_types_version",  # integer: advances with each change to the catalogue
    "offset": "clock:offset",  # integer µs added to the server's time; only tests set it
    "source": "source:",  # hash: one source that the API keeps, <name>
    "sources": "sources",  # sorted set of their names, by name
    "sources_version": "sources_version",  # integer
    "turns": "turns:",  # integer µs with expiry: when the next webhook of a source with a rate limit is due, <name>
    "replicated": "mark:replicated",  # written after an acceptance that waits for replicas
    "api_key": "api_key:",  # hash: what is known of an API key
    "api_key_of": "api_key_of:",  # string: the id of the key with this SHA-256
    "api_keys": "api_keys:",  # sorted set of key ids by creation, <tenant>, and all of them: *
    "schema": "schema",  # integer: the version of all this (webhooks/migrating.py)
    "audit": "audit:",  # stream of who changed what, <tenant>, and of all: *
    "key_check": "key_check",  # an encrypted constant: a wrong secret key is seen at start
}


def key(name: str, *parts: str) -> str:
    """The key of a thing: `key("event", tenant, event_id)`."""
    return PREFIXES[name] + ":".join(parts)
