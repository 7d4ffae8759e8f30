import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { Failure, Field } from "../../design/components";
import { asObject } from "../api";
import { Task } from "../task";
import { language, t } from "../texts";
import { stages, type InteractiveAuth, type Stage } from "./engine";

/** Asks a server to send a mail to an address; answers its id of that. */
export type RequestEmail = (address: string, clientSecret: string) => Promise<string>;

interface StageFormProps {
  auth: InteractiveAuth;
  stage: Stage;
  homeserverUrl: string;
  /** For the password stage. */
  userId?: string;
  requestEmail?: RequestEmail;
}

/** The form for one stage; nothing while a request is under way. */
export function StageForm(props: StageFormProps): JSX.Element {
  const { stage } = props;
  if (stage.type === stages.password && props.userId) return <PasswordStage {...props} userId={props.userId} />;
  if (stage.type === stages.token) return <TokenStage {...props} />;
  if (stage.type === stages.terms) return <TermsStage {...props} />;
  if (stage.type === stages.email && props.requestEmail) return <EmailStage {...props} request={props.requestEmail} />;
  return <PageStage {...props} />;
}

interface FrameProps extends StageFormProps {
  onSubmit: () => void;
  children: JSX.Element | JSX.Element[];
  isReady?: boolean;
}

function StageFrame({ auth, stage, onSubmit, children, isReady = true }: FrameProps): JSX.Element {
  return (
    <form
      class="stage-form"
      data-testid="auth-stage"
      data-stage={stage.type}
      onSubmit={(event) => {
        event.preventDefault();
        // The form is within another's page, never to be sent along with it.
        event.stopPropagation();
        onSubmit();
      }}
    >
      {children}
      <Failure sentence={stage.error} testId="auth-error" />
      <button type="submit" class="primary" disabled={auth.isWorking.value || !isReady} data-testid="auth-submit">
        {t().common.next}
      </button>
    </form>
  );
}

function PasswordStage(props: StageFormProps & { userId: string }): JSX.Element {
  const [password, setPassword] = useState("");
  const identifier = { type: "m.id.user", user: props.userId };
  return (
    <StageFrame {...props} onSubmit={() => props.auth.submit({ identifier, password })}>
      <p>{t().auth.passwordHint}</p>
      <Field
        label={t().account.password}
        value={password}
        onValue={setPassword}
        isSecret
        hasFocus
        autocomplete="current-password"
        testId="auth-password"
      />
    </StageFrame>
  );
}

function TokenStage(props: StageFormProps): JSX.Element {
  const [token, setToken] = useState("");
  return (
    <StageFrame {...props} onSubmit={() => props.auth.submit({ token: token.trim() })}>
      <Field
        label={t().account.token}
        value={token}
        onValue={setToken}
        hasFocus
        hint={t().account.tokenHint}
        testId="register-token"
      />
    </StageFrame>
  );
}

function TermsStage(props: StageFormProps): JSX.Element {
  const [isAccepted, setAccepted] = useState(false);
  const documents = policiesIn(props.stage, language());
  return (
    <StageFrame {...props} onSubmit={() => props.auth.submit({})} isReady={isAccepted}>
      <p>{t().auth.terms}</p>
      <ul class="stage-documents">
        {documents.map(({ name, url }) => (
          <li key={url}>
            <a href={url} target="_blank" rel="noreferrer noopener">
              {name}
            </a>
          </li>
        ))}
      </ul>
      <label class="choice">
        <input
          type="checkbox"
          checked={isAccepted}
          onChange={(event) => setAccepted(event.currentTarget.checked)}
          data-testid="auth-accept"
        />
        <span>{t().auth.accept}</span>
      </label>
    </StageFrame>
  );
}

/** The documents to accept, in a language if they are in it. https://spec.matrix.org/v1.19/client-server-api/#definition-mloginterms-params */
export function policiesIn(stage: Stage, wanted: string): { name: string; url: string }[] {
  return Object.values(asObject(stage.params["policies"]) ?? {}).flatMap((raw) => {
    const policy = asObject(raw) ?? {};
    const fallback = Object.keys(policy).find((key) => key !== "version") ?? "";
    const document = asObject(policy[wanted]) ?? asObject(policy["en"]) ?? asObject(policy[fallback]);
    const { name, url } = document ?? {};
    if (typeof url !== "string" || !/^https?:\/\//i.test(url)) return [];
    return [{ name: typeof name === "string" ? name : url, url }];
  });
}

function EmailStage(props: StageFormProps & { request: RequestEmail }): JSX.Element {
  const [address, setAddress] = useState("");
  const [sid, setSid] = useState<string | null>(null);
  const task = useMemo(() => new Task(), []);
  const secret = useMemo(() => crypto.randomUUID(), []);
  const submit = async (): Promise<void> => {
    if (sid !== null) return props.auth.submit({ threepid_creds: { sid, client_secret: secret } });
    setSid(await task.run(() => props.request(address.trim(), secret)));
  };
  return (
    <StageFrame {...props} onSubmit={() => void submit()} isReady={!task.isRunning.value}>
      <p>{sid === null ? t().auth.email : t().auth.emailSent(address)}</p>
      {sid === null ? (
        <Field label={t().auth.emailAddress} value={address} onValue={setAddress} hasFocus testId="auth-email" />
      ) : (
        <p class="hint">{t().auth.emailNext}</p>
      )}
      <Failure sentence={task.failure.value} testId="auth-email-error" />
    </StageFrame>
  );
}

/** The server's own page for a stage, in a window of its own. https://spec.matrix.org/v1.19/client-server-api/#fallback */
function PageStage(props: StageFormProps): JSX.Element {
  const { auth, stage, homeserverUrl } = props;
  const address = `${homeserverUrl}/_matrix/client/v3/auth/${encodeURIComponent(stage.type)}/fallback/web?session=${encodeURIComponent(stage.session)}`;
  useEffect(() => {
    const onMessage = ({ data, origin }: MessageEvent): void => {
      if (data === "authDone" && origin === new URL(homeserverUrl).origin) auth.submit({ fallback: true });
    };
    window.addEventListener("message", onMessage);
    return () => window.removeEventListener("message", onMessage);
  }, [auth, homeserverUrl, stage]);
  return (
    <StageFrame {...props} onSubmit={() => auth.submit({ fallback: true })}>
      <p>{t().auth.page}</p>
      <a class="button" href={address} target="_blank" rel="opener" data-testid="auth-open-page">
        {t().auth.openPage}
      </a>
    </StageFrame>
  );
}
