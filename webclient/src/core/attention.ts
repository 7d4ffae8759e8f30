import { effect, type ReadonlySignal } from "@preact/signals";
import { ClientEvent, KnownMembership, NotificationCountType, RoomEvent, type MatrixClient, type MatrixEvent, type Room } from "matrix-js-sdk";

import type { Preferences } from "./preferences";
import { Projection, source } from "./projection";
import type { Router } from "./router";
import { t } from "./texts";

/** What waits for the user, before the page's title: `(3) Hearth`. */
export function titleWith(title: string, count: number): string {
  const bare = title.replace(/^\(\d+\) /, "");
  return count > 0 ? `(${count}) ${bare}` : bare;
}

/** Tells of what is new while nobody looks: a count in the title, and notifications where the user wants them. */
export class Attention {
  readonly waiting: ReadonlySignal<number>;
  private readonly projection: Projection<number>;
  private readonly stopTitle: () => void;
  private readonly titleWatch: MutationObserver;
  private readonly shown = new Map<string, Notification>();

  constructor(
    private readonly client: MatrixClient,
    private readonly preferences: Preferences,
    private readonly router: Router,
  ) {
    this.projection = new Projection(() => waitingIn(client), [
      source(client, ClientEvent.Sync, RoomEvent.Receipt, RoomEvent.Timeline, RoomEvent.MyMembership),
    ]);
    this.waiting = this.projection.value;
    this.stopTitle = effect(() => this.writeTitle(this.waiting.value));
    // Views set the title to the room's name: the count goes before whatever they write.
    this.titleWatch = new MutationObserver(() => this.writeTitle(this.waiting.peek()));
    this.titleWatch.observe(document.head, { childList: true, subtree: true, characterData: true });
    client.on(RoomEvent.Timeline, this.onEvent);
  }

  dispose(): void {
    this.client.off(RoomEvent.Timeline, this.onEvent);
    this.titleWatch.disconnect();
    this.stopTitle();
    this.projection.dispose();
    document.title = titleWith(document.title, 0);
  }

  private writeTitle(count: number): void {
    const title = titleWith(document.title, count);
    if (title !== document.title) document.title = title;
  }

  private readonly onEvent = (
    event: MatrixEvent,
    room: Room | undefined,
    toStart: boolean | undefined,
    removed: boolean,
    data: { liveEvent?: boolean },
  ): void => {
    if (!room || toStart || removed || !data.liveEvent || event.getSender() === this.client.getUserId()) return;
    if (!this.preferences.notifies.peek() || document.hasFocus()) return;
    void this.client.decryptEventIfNeeded(event).then(() => this.notify(event, room));
  };

  private notify(event: MatrixEvent, room: Room): void {
    const actions = this.client.getPushActionsForEvent(event);
    if (!actions?.notify) return;
    const body: unknown = event.getContent()["body"];
    const sender = event.sender?.rawDisplayName || event.getSender() || "";
    const text = typeof body === "string" ? body.slice(0, 200) : t().notices.newEvent;
    const notification = new Notification(room.name, { body: `${sender}: ${text}`, tag: room.roomId, silent: !actions.tweaks?.sound });
    this.shown.get(room.roomId)?.close();
    this.shown.set(room.roomId, notification);
    notification.onclick = () => {
      window.focus();
      this.router.go({ page: "room", roomId: room.roomId });
      notification.close();
    };
  }
}

function waitingIn(client: MatrixClient): number {
  let count = 0;
  for (const room of client.getRooms()) {
    if (room.getMyMembership() === KnownMembership.Invite) count++;
    else if (room.getMyMembership() === KnownMembership.Join) {
      count += room.getUnreadNotificationCount(NotificationCountType.Highlight);
    }
  }
  return count;
}
