import { signal, type ReadonlySignal } from "@preact/signals";
import {
  VerificationPhase,
  VerificationRequestEvent,
  VerifierEvent,
  type EmojiMapping,
  type ShowSasCallbacks,
  type VerificationRequest,
  type Verifier,
} from "matrix-js-sdk/lib/crypto-api";

/**
 * `asked`: it is for us to accept. `waiting`: for the other side. `emoji`: to compare. `confirmed`: for the other side to
 * have compared, too.
 */
export type VerificationStep = "asked" | "waiting" | "emoji" | "confirmed" | "done" | "cancelled";

const method = "m.sas.v1";

/** One comparison of emoji, from the request to its end. https://spec.matrix.org/v1.19/client-server-api/#short-authentication-string-sas-verification */
export class Verification {
  readonly step: ReadonlySignal<VerificationStep>;
  readonly emoji: ReadonlySignal<readonly EmojiMapping[]>;
  private readonly current = signal<VerificationStep>("waiting");
  private readonly shown = signal<readonly EmojiMapping[]>([]);
  private sas: ShowSasCallbacks | null = null;
  private verifier: Verifier | null = null;

  constructor(readonly request: VerificationRequest) {
    this.step = this.current;
    this.emoji = this.shown;
    request.on(VerificationRequestEvent.Change, this.onChange);
    this.onChange();
  }

  get otherUserId(): string {
    return this.request.otherUserId;
  }

  async accept(): Promise<void> {
    this.current.value = "waiting";
    await this.request.accept().catch(() => this.cancel());
  }

  /** The emoji are the same on both sides. */
  async confirm(): Promise<void> {
    this.current.value = "confirmed";
    await this.sas?.confirm();
  }

  /** They are not: somebody may be listening in. */
  mismatch(): void {
    this.sas?.mismatch();
    this.current.value = "cancelled";
  }

  async cancel(): Promise<void> {
    if (this.request.pending) await this.request.cancel().catch(() => undefined);
    if (this.current.peek() !== "done") this.current.value = "cancelled";
  }

  dispose(): void {
    this.request.off(VerificationRequestEvent.Change, this.onChange);
  }

  private readonly onChange = (): void => {
    const { phase, initiatedByMe, verifier } = this.request;
    switch (phase) {
      case VerificationPhase.Requested:
        this.current.value = initiatedByMe ? "waiting" : "asked";
        break;
      case VerificationPhase.Ready:
        // Who asked begins, so that the two do not begin at once.
        if (initiatedByMe && !this.verifier) void this.begin();
        break;
      case VerificationPhase.Cancelled:
        this.current.value = "cancelled";
        break;
      case VerificationPhase.Done:
        this.current.value = "done";
        break;
      default:
    }
    if (verifier) this.follow(verifier);
  };

  private async begin(): Promise<void> {
    await this.request.startVerification(method).then(
      (verifier) => this.follow(verifier),
      () => this.cancel(),
    );
  }

  private follow(verifier: Verifier): void {
    if (this.verifier) return;
    this.verifier = verifier;
    verifier.on(VerifierEvent.ShowSas, (sas) => {
      this.sas = sas;
      this.shown.value = sas.sas.emoji ?? [];
      this.current.value = "emoji";
    });
    verifier.verify().catch(() => {
      if (this.current.peek() !== "done") this.current.value = "cancelled";
    });
  }
}
