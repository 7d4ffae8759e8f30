import type { ComponentChildren, JSX } from "preact";

import type { Credentials } from "../../core/session";
import { t } from "../../core/texts";
import { Field } from "../../design/components";
import icon from "../../design/icon.svg";
import "./account.css";

/** What the pages for log-in and registration are given. */
export interface AccountViewProps {
  homeserver: string;
  onHomeserver: (address: string) => void;
  onCredentials: (credentials: Credentials) => void;
  /** Back to an account that is logged in, if there is one. */
  onCancel: (() => void) | null;
}

interface AccountPageProps {
  title: string;
  notice?: string | null;
  children: ComponentChildren;
}

/** The frame around log-in and registration. */
export function AccountPage({ title, notice, children }: AccountPageProps): JSX.Element {
  return (
    <main class="account-page">
      <section class="account-card" aria-labelledby="account-title">
        <p class="account-brand">
          <img src={icon} alt="" width="32" height="32" />
          {t().common.appName}
        </p>
        <h1 id="account-title">{title}</h1>
        {notice && (
          <p class="account-notice" role="status" data-testid="account-notice">
            {notice}
          </p>
        )}
        {children}
      </section>
    </main>
  );
}

interface HomeserverFieldProps {
  value: string;
  onValue: (value: string) => void;
}

/** Another homeserver than the one that served this page: rarely wanted, so folded away. */
export function HomeserverField({ value, onValue }: HomeserverFieldProps): JSX.Element {
  return (
    <details class="account-advanced">
      <summary data-testid="account-advanced">{t().account.advanced}</summary>
      <Field
        label={t().account.homeserver}
        value={value}
        onValue={onValue}
        autocomplete="url"
        isOptional
        testId="account-homeserver"
        hint={t().account.homeserverHint}
      />
    </details>
  );
}

/** For who adds an account and would rather not. */
export function CancelButton({ onCancel }: { onCancel: (() => void) | null }): JSX.Element | null {
  if (!onCancel) return null;
  return (
    <p class="account-other">
      <button type="button" class="link" onClick={onCancel} data-testid="account-cancel">
        {t().account.cancelAdding}
      </button>
    </p>
  );
}
