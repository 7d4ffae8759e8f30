"""`/pushrules`."""

from __future__ import annotations

from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import bad_json, invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.push_rules.service import NewRule, PushRules

_ROOT = "/_matrix/client/v3/pushrules"
_RULE = f"{_ROOT}/global/{{kind}}/{{ruleId}}"
_NO_RULE = [
    f"{_ROOT}/{{scope}}",
    f"{_ROOT}/{{scope}}/",
    f"{_ROOT}/{{scope}}/{{kind}}",
    f"{_ROOT}/{{scope}}/{{kind}}/",
    f"{_ROOT}/{{scope}}/{{kind}}/{{ruleId}}",
    f"{_ROOT}/{{scope}}/{{kind}}/{{ruleId}}/{{attribute}}",
]
#: What `actions` may name: the one there is, and those of old, which do nothing.
_ACTIONS = frozenset({"notify", "dont_notify", "coalesce"})


class PushRuleEndpoints:
    """Push rules."""

    def __init__(self, push_rules: PushRules) -> None:
        self._push_rules = push_rules

    @route("GET", f"{_ROOT}/")
    async def all_rules(self, request: Request, requester: Requester) -> Json:
        """All push rules of the user.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrules
        """
        return {"global": await self._push_rules.get_rules(requester.user_id)}

    @route("GET", f"{_ROOT}/global/")
    async def global_rules(self, request: Request, requester: Requester) -> Json:
        """The rules of the only scope there is.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobal
        """
        return await self._push_rules.get_rules(requester.user_id)

    @route("GET", f"{_ROOT}/global/{{kind}}/")
    async def rules_of_kind(self, request: Request, requester: Requester) -> Json:
        """The rules of one kind; older clients ask so, the specification has only all of them or one."""
        rules = await self._push_rules.get_rules(requester.user_id)
        found = rules.get(request.parameters["kind"])
        if found is None:
            raise invalid_param("A rule is of the kind override, content, room, sender or underride.")
        return found

    @route(["GET", "PUT", "DELETE"], _NO_RULE)
    async def no_rule(self, request: Request, requester: Requester) -> Json:
        """Where a part of a rule's path is missing, or its scope is another than the only one there is now."""
        raise invalid_param(
            "A push rule is at pushrules/global/{kind}/{ruleId}, its parts at .../enabled and .../actions."
        )

    @route("GET", _RULE)
    async def rule(self, request: Request, requester: Requester) -> Json:
        """One rule.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleid
        """
        return await self._push_rules.get_rule(
            requester.user_id, request.parameters["kind"], request.parameters["ruleId"]
        )

    @route("PUT", _RULE)
    async def put_rule(self, request: Request, requester: Requester) -> Json:
        """Add or change a rule of the user's own.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleid
        """
        kind, rule_id = request.parameters["kind"], request.parameters["ruleId"]
        rule = _rule(kind, rule_id, request.json_object())
        new = NewRule(kind, rule_id, rule, request.query.find("before"), request.query.find("after"))
        await self._push_rules.put_rule(requester.user_id, new)
        return {}

    @route("DELETE", _RULE)
    async def delete_rule(self, request: Request, requester: Requester) -> Json:
        """Remove a rule of the user's own.

        https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3pushrulesglobalkindruleid
        """
        await self._push_rules.delete_rule(requester.user_id, request.parameters["kind"], request.parameters["ruleId"])
        return {}

    @route("GET", f"{_RULE}/{{attribute}}")
    async def attribute(self, request: Request, requester: Requester) -> Json:
        """Whether a rule is enabled, or what it does.

        https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobalkindruleidenabled
        """
        path = request.parameters
        if path["attribute"] not in ("enabled", "actions"):
            raise invalid_param("A rule has 'enabled' and 'actions'.")
        rule = await self._push_rules.get_rule(requester.user_id, path["kind"], path["ruleId"])
        return {path["attribute"]: rule[path["attribute"]]}

    @route("PUT", f"{_RULE}/{{attribute}}")
    async def set_attribute(self, request: Request, requester: Requester) -> Json:
        """Enable or disable a rule, or change what it does.

        https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleidenabled
        """
        path, body = request.parameters, request.json_object()
        name = path["attribute"]
        wanted: dict[str, type] = {"enabled": bool, "actions": list}
        if name not in wanted:
            raise invalid_param("A rule has 'enabled' and 'actions'.")
        value = body.get(name)
        if not isinstance(value, wanted[name]):
            raise bad_json(f"{name}: must be {'true or false' if name == 'enabled' else 'a list'}.")
        if isinstance(value, list):
            _check_actions(value)
        await self._push_rules.set_attribute(requester.user_id, path["kind"], path["ruleId"], {name: value})
        return {}


def _rule(kind: str, rule_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """What of the body belongs to a rule of its kind."""
    actions = body.get("actions")
    if not isinstance(actions, list):
        raise bad_json("actions: must be a list.")
    _check_actions(actions)
    rule: dict[str, Any] = {"actions": actions}
    if kind in ("override", "underride"):
        conditions = body.get("conditions", [])
        if not isinstance(conditions, list) or not all(isinstance(one, dict) for one in conditions):
            raise bad_json("conditions: must be a list of objects.")
        rule["conditions"] = conditions
    elif kind == "content":
        if not isinstance(body.get("pattern"), str):
            raise bad_json("pattern: must be a string.")
        rule["pattern"] = body["pattern"]
    return rule


def _check_actions(actions: list[Any]) -> None:
    """400 for what is no action. What carries somebody's own prefix is kept: clients may know what it means.

    https://spec.matrix.org/v1.19/client-server-api/#actions
    """
    for action in actions:
        if isinstance(action, str):
            if action not in _ACTIONS and "." not in action:
                raise bad_json(f"actions: there is no action {action[:50]!r}.")
        elif not (isinstance(action, dict) and "set_tweak" in action):
            raise bad_json("actions: each must be a string, or an object with 'set_tweak'.")
