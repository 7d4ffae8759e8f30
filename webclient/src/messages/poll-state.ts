import { RoomEvent, type MatrixClient, type MatrixEvent, type Room } from "matrix-js-sdk";

import { asObject } from "../core/api";
import { Projection, source } from "../core/projection";
import { Task } from "../core/task";
import { contentOf } from "./body";
import { countVotes, endEvent, pollTypes, voteEvent, type PollEvent, type PollQuestion, type PollResult } from "./poll";

const mostPages = 20;

/** A poll's votes: those that the server has, and those that arrive. */
export class PollState {
  readonly loading = new Task();
  readonly voting = new Task();
  private readonly fetched = new Map<string, MatrixEvent>();
  private readonly projection: Projection<PollResult>;

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room,
    private readonly poll: PollQuestion & { readonly eventId: string; readonly type: string; readonly senderId: string },
  ) {
    this.projection = new Projection(
      () => this.count(),
      [source(room, RoomEvent.Timeline, RoomEvent.LocalEchoUpdated, RoomEvent.Redaction)],
    );
  }

  get result(): PollResult {
    return this.projection.value.value;
  }

  /** Fetches the votes that are not in the loaded part of the room. */
  async load(): Promise<void> {
    await this.loading.run(async () => {
      let from: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const answer = await this.client.relations(this.room.roomId, this.poll.eventId, "m.reference", null, {
          limit: 100,
          ...(from !== undefined && { from }),
        });
        for (const event of answer.events) this.fetched.set(event.getId() ?? "", event);
        if (!answer.nextBatch) break;
        from = answer.nextBatch;
      }
    });
    this.projection.refresh();
  }

  /** Chooses an answer, or takes the choice back; where several may be chosen, beside the others. */
  async vote(answerId: string): Promise<void> {
    const { own } = this.result;
    const isChosen = own.includes(answerId);
    const others = own.filter((id) => id !== answerId);
    const isSingle = this.poll.maxSelections === 1;
    const answers = isChosen ? others : isSingle ? [answerId] : [...others, answerId].slice(0, this.poll.maxSelections);
    await this.send(voteEvent(this.poll.type, this.poll.eventId, answers));
  }

  /** Ends the poll for everybody. */
  async end(text: string): Promise<void> {
    await this.send(endEvent(this.poll.type, this.poll.eventId, text));
  }

  mayEnd(userId: string): boolean {
    if (userId === this.poll.senderId) return true;
    const event = this.room.findEventById(this.poll.eventId);
    return event !== undefined && this.room.currentState.maySendRedactionForEvent(event, userId);
  }

  dispose(): void {
    this.projection.dispose();
  }

  private async send({ type, content }: { type: string; content: object }): Promise<void> {
    await this.voting.run(() => this.client.sendEvent(this.room.roomId, type as never, content as never));
    this.projection.refresh();
  }

  private count(): PollResult {
    const all = new Map(this.fetched);
    for (const type of [...pollTypes.response, ...pollTypes.end]) {
      const relations = this.room.relations.getChildEventsForEvent(this.poll.eventId, "m.reference", type);
      for (const event of relations?.getRelations() ?? []) all.set(event.getId() ?? "", event);
    }
    const events = [...all.values()].filter((event) => !event.isRedacted()).map(plainEvent);
    return countVotes(this.poll, events, { me: this.client.getSafeUserId(), mayEnd: (sender) => this.mayEnd(sender) });
  }
}

function plainEvent(event: MatrixEvent): PollEvent {
  return {
    type: event.getType(),
    sender: event.getSender() ?? "",
    atMs: event.getTs(),
    content: asObject(contentOf(event)) ?? {},
  };
}
