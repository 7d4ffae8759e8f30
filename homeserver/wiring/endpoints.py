"""The endpoints of rooms and of federation."""

from __future__ import annotations

from twisted.internet.task import deferLater

from homeserver.accounts.kernel import AccountParts
from homeserver.federation.endpoints import HandshakeEndpoints, ReadEndpoints, TransactionEndpoints
from homeserver.federation.endpoints_keys import KeyEndpoints
from homeserver.federation.invited import Invited
from homeserver.federation.key_server import KeyServer
from homeserver.federation.query_endpoints import QueryEndpoints
from homeserver.federation.resident import Intake, Resident
from homeserver.federation.serving import Serving
from homeserver.federation.transactions import Transactions
from homeserver.federation.uninvited import Uninvited
from homeserver.rooms.drafting import Drafting
from homeserver.rooms.endpoints_history import HistoryEndpoints
from homeserver.rooms.endpoints_members import MembershipEndpoints
from homeserver.rooms.endpoints_rooms import RoomEndpoints
from homeserver.rooms.endpoints_upgrade import UpgradeEndpoints
from homeserver.rooms.founding import Founding
from homeserver.rooms.reading import RoomReading
from homeserver.rooms.upgrading import Upgrading
from homeserver.slices.relations.endpoints import RelationEndpoints
from homeserver.slices.thread_subscriptions.endpoints import ThreadSubscriptionEndpoints
from homeserver.wiring.delayed_events import Delayed
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground
from homeserver.wiring.outside import further_room_endpoints
from homeserver.wiring.slices import Slices
from homeserver.wiring.third_party import third_party_endpoints

#: How long a client waits that reads back to where no server answers at present.
_PAUSE_S = 3.0


def room_endpoints(
    ground: Ground, federation: Federation, slices: Slices, drafting: Drafting, delayed: Delayed
) -> list[object]:
    """What clients do in rooms."""
    rooms, directory, find_profile = ground.rooms, slices.directory, slices.data.profiles.find_profile
    founding = Founding(
        ground.database, ground.parts, directory, slices.memberships, slices.third_party, ground.server_name
    )
    reading = RoomReading(ground.database, rooms, ground.parts)
    upgrading = Upgrading(ground.database, rooms, ground.parts, founding, directory, slices.succession)
    schedule = delayed.events.schedule
    return [
        RoomEndpoints(rooms, founding, find_profile, slices.policies, drafting, schedule),
        MembershipEndpoints(
            rooms, slices.memberships, find_profile, directory.resolve, slices.succession, slices.third_party
        ),
        UpgradeEndpoints(upgrading, find_profile),
        delayed.endpoints,
        HistoryEndpoints(reading, federation.history.fill, lambda: deferLater(ground.reactor, _PAUSE_S)),
        RelationEndpoints(slices.relations, reading.get_readable, reading.find_place),
        ThreadSubscriptionEndpoints(slices.data.threads, reading.get_readable),
    ]


def federation_endpoints(
    ground: Ground, federation: Federation, accounts: AccountParts, slices: Slices
) -> list[object]:
    """What other servers ask and send."""
    intake = Intake(federation.admission, federation.checks, federation.arrivals)
    resident = Resident(ground.database, ground.rooms, ground.parts, intake, ground.identity)
    uninvited = Uninvited(ground.rooms, federation.checks, federation.importer, ground.server_name)
    transactions = Transactions(
        ground.database,
        federation.admission,
        federation.checks,
        slices.edus,
        federation.work.wake,
        uninvited.take,
    )
    invited = Invited(
        federation.admission,
        federation.checks,
        federation.importer,
        ground.identity,
        accounts.accounts.user_exists,
        ground.rooms.check_takes_invites,
    )
    key_server = KeyServer(ground.identity, federation.settings, federation.keys, ground.database, ground.reactor)
    lists_rooms = ground.config.rooms.public_list_over_federation
    serving = Serving(ground.database, ground.rooms, ground.parts, resident, ground.server_name)
    reading = RoomReading(ground.database, ground.rooms, ground.parts)
    return [
        KeyEndpoints(key_server, federation.settings),
        TransactionEndpoints(transactions),
        HandshakeEndpoints(resident, invited),
        ReadEndpoints(serving),
        *third_party_endpoints(ground, federation, accounts, slices.third_party),
        QueryEndpoints(slices.directory_answers, lists_rooms=lists_rooms),
        *further_room_endpoints(ground, federation, accounts, reading, serving),
    ]
