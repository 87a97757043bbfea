"""The structures of CDS Hooks 2.0 as JSON Schemas, written from the tables of the standard.

https://cds-hooks.hl7.org/2.0/: "Discovery", "CDS Service Response", "Feedback". HL7 publishes them as prose tables and
as logical models, not as JSON Schemas; limits such as "less than 140 characters", and what must come together, are
from there.
"""

UUID = {"type": "string", "pattern": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"}
TEXT = {"type": "string", "minLength": 1}
URL = {"type": "string", "pattern": "^https?://"}
CODING = {
    "type": "object",
    "required": ["code", "system"],
    "properties": {"code": TEXT, "system": TEXT, "display": TEXT},
    "additionalProperties": False,
}

DISCOVERY = {
    "type": "object",
    "required": ["services"],
    "additionalProperties": False,
    "properties": {
        "services": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["hook", "description", "id"],
                "additionalProperties": False,
                "properties": {
                    "hook": {"type": "string", "pattern": "^[a-z]+(-[a-z]+)+$"},
                    "title": TEXT,
                    "description": TEXT,
                    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
                    "prefetch": {"type": "object", "additionalProperties": TEXT},
                    "usageRequirements": TEXT,
                },
            },
        }
    },
}

ACTION = {
    "type": "object",
    "required": ["type", "description"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["create", "update", "delete"]},
        "description": TEXT,
        "resource": {"type": "object", "required": ["resourceType"]},
        "resourceId": {"type": "array", "items": TEXT},
    },
    "allOf": [{"if": {"properties": {"type": {"enum": ["create", "update"]}}}, "then": {"required": ["resource"]}}],
}

SUGGESTION = {
    "type": "object",
    "required": ["label"],
    "additionalProperties": False,
    "properties": {
        "label": TEXT,
        "uuid": UUID,
        "isRecommended": {"type": "boolean"},
        "actions": {"type": "array", "items": ACTION},
    },
}

CARD = {
    "type": "object",
    "required": ["summary", "indicator", "source"],
    "additionalProperties": False,
    "properties": {
        "uuid": UUID,
        "summary": {"type": "string", "minLength": 1, "maxLength": 139},
        "detail": TEXT,
        "indicator": {"enum": ["info", "warning", "critical"]},
        "source": {
            "type": "object",
            "required": ["label"],
            "additionalProperties": False,
            "properties": {"label": TEXT, "url": URL, "icon": URL, "topic": CODING},
        },
        "suggestions": {"type": "array", "items": SUGGESTION, "minItems": 1},
        "selectionBehavior": {"enum": ["at-most-one", "any"]},
        "overrideReasons": {"type": "array", "items": {**CODING, "required": ["code", "system", "display"]}},
        "links": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["label", "url", "type"],
                "properties": {"label": TEXT, "url": URL, "type": {"enum": ["absolute", "smart"]}, "appContext": TEXT},
                "additionalProperties": False,
            },
        },
    },
    "dependentRequired": {"suggestions": ["selectionBehavior"]},
}

RESPONSE = {
    "type": "object",
    "required": ["cards"],
    "additionalProperties": False,
    "properties": {"cards": {"type": "array", "items": CARD}, "systemActions": {"type": "array", "items": ACTION}},
}
