import { signal, type ReadonlySignal } from "@preact/signals";
import type { MatrixClient } from "matrix-js-sdk";

import { openDirectRoom } from "../../core/direct";
import { Task } from "../../core/task";

export interface Person {
  readonly userId: string;
  readonly name: string;
  readonly picture: string | null;
}

/** After the last key the directory is asked so soon. */
const pauseMs = 250;
const mostPeople = 12;

/** Looking for somebody, and opening the direct chat with them. */
export class DirectChatState {
  readonly task = new Task();
  readonly people: ReadonlySignal<readonly Person[]>;
  readonly isSearching: ReadonlySignal<boolean>;
  private readonly found = signal<readonly Person[]>([]);
  private readonly searching = signal(false);
  private due: ReturnType<typeof setTimeout> | undefined;
  private term = "";

  constructor(private readonly client: MatrixClient) {
    this.people = this.found;
    this.isSearching = this.searching;
  }

  /** Looks for people by name or id. A whole id need not be in the directory. */
  search(typed: string): void {
    this.term = typed.trim();
    clearTimeout(this.due);
    if (this.term === "") {
      this.found.value = [];
      return;
    }
    this.searching.value = true;
    this.due = setTimeout(() => void this.ask(this.term), pauseMs);
  }

  /** Answers the room, or null when it could not be made: see `task.failure`. */
  open(userId: string): Promise<string | null> {
    return this.task.run(() => openDirectRoom(this.client, userId));
  }

  private async ask(term: string): Promise<void> {
    const answer = await this.client.searchUserDirectory({ term, limit: mostPeople }).catch(() => ({ results: [] }));
    // A later search may have overtaken this one.
    if (term !== this.term) return;
    this.searching.value = false;
    this.found.value = peopleFor(term, answer.results, this.client.getSafeUserId());
  }
}

interface DirectoryEntry {
  readonly user_id: string;
  readonly display_name?: string;
  readonly avatar_url?: string;
}

/** What is offered for a term: the directory's answer without oneself, and the term where it is an id. */
export function peopleFor(term: string, entries: readonly DirectoryEntry[], ownUserId: string): Person[] {
  const people = entries
    .filter(({ user_id: userId }) => userId !== ownUserId)
    .map(({ user_id: userId, display_name: name, avatar_url: picture }) => ({
      userId,
      name: name || userId,
      picture: picture ?? null,
    }));
  const isWholeId = /^@[^\s:]+:[^\s]+$/.test(term) && term !== ownUserId;
  if (isWholeId && !people.some(({ userId }) => userId === term)) {
    people.unshift({ userId: term, name: term, picture: null });
  }
  return people;
}
