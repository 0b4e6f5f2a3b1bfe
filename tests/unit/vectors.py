"""The fixed signing vectors: id msg_test0001, timestamp 1760000000, bodies and their signatures with SECRET_A."""

from datetime import UTC, datetime

MESSAGE_ID = "msg_test0001"
TIMESTAMP = 1760000000
NOW = datetime.fromtimestamp(TIMESTAMP, UTC)
SECRET_A = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SECRET_B = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
KEY_A = bytes(range(0x20))
KEY_B = bytes(range(0x20, 0x40))

VECTORS = {
    "spaced": (b'{"b": 1, "a": "\xc3\xa9", "c": [1, 2]}', "v1,Eik3J7ETrKJeAvjPdiydqTRm7DIg9Cc7//45L9PCThk="),
    "compact": (b'{"b":1,"a":"\xc3\xa9","c":[1,2]}', "v1,HdttKnaED+EQFVW/+AM0YX3NjPizRZl5PK66jboT9kQ="),
    "compact+LF": (
        b'{"b":1,"a":"\xc3\xa9","c":[1,2]}\n',
        "v1,1JbYqnkNQ63l65rNnznhgucePUDFH9KdGmBsKurPYBs=",
    ),
    "escaped": (b'{"b":1,"a":"\\u00e9","c":[1,2]}', "v1,OpDxPPFlLhVkigdwYGLtg/HPf9VWPLa4VG8bjrYgGpE="),
    "escapedUPPER": (
        b'{"b":1,"a":"\\u00E9","c":[1,2]}',
        "v1,szuHtr0KfDEVgPw92ZL398tWtnpWh28O+2n5f4ZVKMk=",
    ),
    "lf": (b'{\n  "b": 1\n}', "v1,sKkprQgj5NFd4jJsyiROWrJrDQx3bl8l+sryvjGO/YY="),
    "crlf": (b'{\r\n  "b": 1\r\n}', "v1,/rpPZ8qfTZAEWLrHjoMu5n0q2M81v1HQoVE5YVSc3So="),
    "emoji": (b'{"t":"\xf0\x9f\x98\x8a"}', "v1,8VJCwVAAjCpIaB1DbAaw/x8WpUIR91eE5Mks5UiYd/g="),
    "bom": (b'\xef\xbb\xbf{"b":1}', "v1,8qCH+oEgF1j/SsCV5UjamSVgttO80UIF7nM8hUSdc1g="),
    "empty": (b"", "v1,EPXFCrAoCAVHKdcykpaD6hF6ZjIW88YJOzm0FdDWVLo="),
    "notutf8": (b'\xff\xfe\x00{"b":1}', "v1,Qji4co4bVamwN9HICHMTcxmQ1BcNiO6uBL5qafXINcs="),
    "bigint": (b'{"id":9007199254740993,"amt":1.0}', "v1,C7XaGgPkbxaI1OZ7qisASpgvOMH2ETf5kxZxFXlPqds="),
    "dupkeys": (b'{"a":1,"a":2}', "v1,R+7MmNrciJSgHATThm2sMg/6inafne0r/PE4A8SEQek="),
    "slash": (b'{"u":"a\\/b"}', "v1,3XTVWH6nOhXL+9TJY1ikWB6NdAZoCb16q0BKdjQ9Lvc="),
    "nul": (b'{"a":"\\u0000"}', "v1,/Co9OkA+MKpVJHocFcxQxvgtbxFXDOAUx/cW1rIwHz8="),
    "surr": (b'{"a":"\\ud800"}', "v1,Zr5ZTJl1zQJdJozbRWMU8MvC8XpyymbIQCArU1QxIBg="),
}
COMPACT, SIGNATURE_A = VECTORS["compact"]
SIGNATURE_B = "v1,1sOYlDjNax7OYo21QwWNh5+SgoS/dIUuHpaJ0dkSPN8="
WRONG_KEY_SIGNATURE = "v1,Xn4qdooM1wISLIP2YM/VvLbYrkPYXJ5TWO2GnYvdb28="
"""With the whole text of SECRET_A for a key."""


def signed_headers(signature=SIGNATURE_A, *, message_id=MESSAGE_ID, timestamp=TIMESTAMP):
    """The three headers of a signed webhook."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
