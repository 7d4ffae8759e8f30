import type { MatrixEvent } from "matrix-js-sdk";
import { DecryptionFailureCode } from "matrix-js-sdk/lib/crypto-api";

import { t } from "../texts";

/** Why a message cannot be read, as something to do about it where there is. */
export function undecryptableText(event: MatrixEvent): string {
  const texts = t().encryption;
  if (!event.isDecryptionFailure()) return texts.decrypting;
  switch (event.decryptionFailureReason) {
    case DecryptionFailureCode.HISTORICAL_MESSAGE_NO_KEY_BACKUP:
      return texts.fromBefore;
    case DecryptionFailureCode.HISTORICAL_MESSAGE_BACKUP_UNCONFIGURED:
    case DecryptionFailureCode.HISTORICAL_MESSAGE_WORKING_BACKUP:
      return texts.inBackup;
    case DecryptionFailureCode.HISTORICAL_MESSAGE_USER_NOT_JOINED:
      return texts.beforeJoin;
    case DecryptionFailureCode.MEGOLM_KEY_WITHHELD:
    case DecryptionFailureCode.MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE:
      return texts.withheld;
    case DecryptionFailureCode.SENDER_IDENTITY_PREVIOUSLY_VERIFIED:
      return texts.identityChanged;
    default:
      return texts.undecryptable;
  }
}
