import { ClientApi } from "../../core/api";
import { credentialsFrom, deviceDisplayName, type Credentials } from "../../core/session";

/**
 * Logs in with a password; throws `ApiError` with the server's sentence when it refuses.
 *
 * `deviceId` is that of a device to log in again.
 *
 * `user` is a localpart or a whole user ID. https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login
 */
export async function logIn(api: ClientApi, user: string, password: string, deviceId?: string): Promise<Credentials> {
  const answer = await api.request("POST", "/login", {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: user.trim() },
    password,
    initial_device_display_name: deviceDisplayName,
    refresh_token: true,
    ...(deviceId && { device_id: deviceId }),
  });
  return credentialsFrom(api.homeserverUrl, answer);
}
