import { ClientEvent, PushRuleActionName, PushRuleKind, TweakName, type IPushRule, type MatrixClient, type PushRuleAction } from "matrix-js-sdk";

import { Projection, source } from "../../core/projection";
import { Task } from "../../core/task";

/** What a kind of message does: nothing, a notification, or one with a sound and a mark. */
export type Loudness = "off" | "on" | "loud";

/** The server's rules that people know by what they are about, and their kinds. */
export const commonRules = [
  { id: ".m.rule.room_one_to_one", kind: PushRuleKind.Underride, name: "oneToOne" },
  { id: ".m.rule.encrypted_room_one_to_one", kind: PushRuleKind.Underride, name: "encryptedOneToOne" },
  { id: ".m.rule.message", kind: PushRuleKind.Underride, name: "group" },
  { id: ".m.rule.encrypted", kind: PushRuleKind.Underride, name: "encryptedGroup" },
  { id: ".m.rule.is_user_mention", kind: PushRuleKind.Override, name: "mention" },
  { id: ".m.rule.is_room_mention", kind: PushRuleKind.Override, name: "roomMention" },
  { id: ".m.rule.invite_for_me", kind: PushRuleKind.Override, name: "invite" },
  { id: ".m.rule.call", kind: PushRuleKind.Underride, name: "call" },
] as const;

export type RuleName = (typeof commonRules)[number]["name"];

export interface NotificationSettings {
  readonly isMuted: boolean;
  readonly rules: readonly { readonly name: RuleName; readonly loudness: Loudness }[];
  readonly keywords: readonly string[];
}

/** https://spec.matrix.org/v1.19/client-server-api/#actions */
export function loudnessOf(rule: Pick<IPushRule, "enabled" | "actions">): Loudness {
  if (!rule.enabled || !rule.actions.includes(PushRuleActionName.Notify)) return "off";
  const isLoud = rule.actions.some((action) => typeof action === "object" && action.set_tweak === TweakName.Sound);
  return isLoud ? "loud" : "on";
}

export function actionsFor(loudness: Loudness, highlights: boolean): PushRuleAction[] {
  if (loudness === "off") return [];
  return [
    PushRuleActionName.Notify,
    ...(loudness === "loud" ? [{ set_tweak: TweakName.Sound, value: "default" } as PushRuleAction] : []),
    ...(highlights ? [{ set_tweak: TweakName.Highlight } as PushRuleAction] : []),
  ];
}

/** The account's push rules. https://spec.matrix.org/v1.19/client-server-api/#push-rules */
export class NotificationsState {
  readonly task = new Task();
  private readonly projection: Projection<NotificationSettings>;

  constructor(private readonly client: MatrixClient) {
    this.projection = new Projection(() => settingsOf(client), [source(client, ClientEvent.AccountData)]);
  }

  get settings(): NotificationSettings {
    return this.projection.value.value;
  }

  async setMuted(isMuted: boolean): Promise<void> {
    await this.change(() =>
      this.client.setPushRuleEnabled("global", PushRuleKind.Override, ".m.rule.master", isMuted),
    );
  }

  async setLoudness(name: RuleName, loudness: Loudness): Promise<void> {
    const rule = commonRules.find((each) => each.name === name);
    if (!rule) return;
    const highlights = name === "mention" || name === "roomMention";
    await this.change(async () => {
      await this.client.setPushRuleActions("global", rule.kind, rule.id, actionsFor(loudness, highlights));
      await this.client.setPushRuleEnabled("global", rule.kind, rule.id, true);
    });
  }

  async addKeyword(typed: string): Promise<boolean> {
    const pattern = typed.trim();
    if (pattern === "") return false;
    return this.change(() =>
      this.client.addPushRule("global", PushRuleKind.ContentSpecific, pattern, {
        pattern,
        actions: actionsFor("loud", true),
      }),
    );
  }

  async removeKeyword(keyword: string): Promise<void> {
    await this.change(() => this.client.deletePushRule("global", PushRuleKind.ContentSpecific, keyword));
  }

  dispose(): void {
    this.projection.dispose();
  }

  private async change(work: () => Promise<unknown>): Promise<boolean> {
    const done = await this.task.run(async () => {
      await work();
      this.client.setPushRules(await this.client.getPushRules());
      return true;
    });
    this.projection.refresh();
    return done === true;
  }
}

function settingsOf(client: MatrixClient): NotificationSettings {
  const { override = [], underride = [], content = [] } = client.pushRules?.global ?? {};
  const all = new Map([...override, ...underride].map((rule) => [rule.rule_id as string, rule]));
  return {
    isMuted: all.get(".m.rule.master")?.enabled ?? false,
    rules: commonRules.flatMap(({ id, name }) => {
      const rule = all.get(id);
      return rule ? [{ name, loudness: loudnessOf(rule) }] : [];
    }),
    keywords: content.filter((rule) => !rule.default && rule.pattern).map((rule) => String(rule.rule_id)),
  };
}
