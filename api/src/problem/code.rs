//! Every kind of problem there is. A client may rely on the words; add, never change.

use http::StatusCode;
use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($code:ident = $word:literal, $status:ident, $meaning:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $code,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The word clients see.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $word,)+ }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == word)
            }

            /// The status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)+ }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$code => $meaning,)+ }
            }
        }
    };
}

codes! {
    AuthInvalidCredentials = "AUTH_INVALID_CREDENTIALS", UNAUTHORIZED, "No such account, or the wrong password.";
    AuthTokenMissing = "AUTH_TOKEN_MISSING", UNAUTHORIZED, "No access token came with the request.";
    AuthTokenInvalid = "AUTH_TOKEN_INVALID", UNAUTHORIZED, "The token is not one of ours, or not for this use.";
    AuthTokenExpired = "AUTH_TOKEN_EXPIRED", UNAUTHORIZED, "The token's time is over.";
    AuthRefreshReused = "AUTH_REFRESH_REUSED", UNAUTHORIZED, "The refresh token was used before; its login session is over.";
    AuthSessionRevoked = "AUTH_SESSION_REVOKED", UNAUTHORIZED, "The login session is over.";
    AuthAccountDisabled = "AUTH_ACCOUNT_DISABLED", FORBIDDEN, "The account is deactivated; told only to who knows its password.";
    AuthMfaRequired = "AUTH_MFA_REQUIRED", UNAUTHORIZED, "The password is right; a code of the second factor is to be shown, with mfaToken.";
    AuthMfaCodeInvalid = "AUTH_MFA_CODE_INVALID", UNAUTHORIZED, "The code of the second factor is wrong or was used before, or the account is locked.";
    AuthMfaAlreadyEnabled = "AUTH_MFA_ALREADY_ENABLED", CONFLICT, "The account signs in with a second factor already.";
    AuthMfaNotEnabled = "AUTH_MFA_NOT_ENABLED", CONFLICT, "The account signs in without a second factor.";
    AuthMfaUnavailable = "AUTH_MFA_UNAVAILABLE", SERVICE_UNAVAILABLE, "The server has no key for second factors, or another than it had.";
    AuthEmailUnverified = "AUTH_EMAIL_UNVERIFIED", FORBIDDEN, "The address is not confirmed; told only to who knows the password.";
    AuthLinkInvalid = "AUTH_LINK_INVALID", BAD_REQUEST, "The token out of a mail is unknown, was used, was replaced by a newer one, or its time is over.";
    AuthSessionNotFound = "AUTH_SESSION_NOT_FOUND", NOT_FOUND, "There is no such login session.";
    AuthzInsufficientPermissions = "AUTHZ_INSUFFICIENT_PERMISSIONS", FORBIDDEN, "The caller's role, or the scopes that were given, do not allow this.";
    AuthzTenantSuspended = "AUTHZ_TENANT_SUSPENDED", FORBIDDEN, "The tenant is suspended.";
    AuthzRoleBeyondReach = "AUTHZ_ROLE_BEYOND_REACH", FORBIDDEN, "The caller may not give this role, nor change one who has it.";
    AuthApiKeyInvalid = "AUTH_API_KEY_INVALID", UNAUTHORIZED, "The API key is not one of ours.";
    AuthApiKeyExpired = "AUTH_API_KEY_EXPIRED", UNAUTHORIZED, "The API key's time is over.";
    AuthApiKeyRevoked = "AUTH_API_KEY_REVOKED", UNAUTHORIZED, "The API key is revoked.";
    ValidMalformedRequest = "VALID_MALFORMED_REQUEST", BAD_REQUEST, "The request cannot be read.";
    ValidMalformedJson = "VALID_MALFORMED_JSON", BAD_REQUEST, "The body is not JSON, or not a JSON object.";
    ValidRequiredField = "VALID_REQUIRED_FIELD", BAD_REQUEST, "A field that must be there is not.";
    ValidUnknownField = "VALID_UNKNOWN_FIELD", BAD_REQUEST, "There is no such field.";
    ValidInvalidType = "VALID_INVALID_TYPE", BAD_REQUEST, "A field holds the wrong kind of value.";
    ValidInvalidFormat = "VALID_INVALID_FORMAT", BAD_REQUEST, "A field's value is not well formed.";
    ValidOutOfRange = "VALID_OUT_OF_RANGE", BAD_REQUEST, "A field's value is too small, too large, too early or too late.";
    ValidUnsupportedType = "VALID_UNSUPPORTED_TYPE", BAD_REQUEST, "Messages of this type cannot be sent.";
    ValidTenantRequired = "VALID_TENANT_REQUIRED", BAD_REQUEST, "The account exists in several tenants; the request must name one.";
    ValidPassword = "VALID_PASSWORD", BAD_REQUEST, "The password is too short or too long.";
    ValidMethodNotAllowed = "VALID_METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "The resource has no such method.";
    ValidNotAcceptable = "VALID_NOT_ACCEPTABLE", NOT_ACCEPTABLE, "There is nothing in a form the client accepts.";
    ValidBodyTooLarge = "VALID_BODY_TOO_LARGE", PAYLOAD_TOO_LARGE, "The body is larger than the limit.";
    ValidUriTooLong = "VALID_URI_TOO_LONG", URI_TOO_LONG, "The address is longer than the limit.";
    ValidHeadersTooLarge = "VALID_HEADERS_TOO_LARGE", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too many, or larger than the limit.";
    ValidUnsupportedMediaType = "VALID_UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON.";
    IdempotencyKeyInFlight = "IDEMPOTENCY_KEY_IN_FLIGHT", CONFLICT, "A request with this Idempotency-Key is under way.";
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another request.";
    RateLimitExceeded = "RATE_LIMIT_EXCEEDED", TOO_MANY_REQUESTS, "Too many requests; the headers tell when to go on.";
    RateIpBlocked = "RATE_IP_BLOCKED", TOO_MANY_REQUESTS, "The address is blocked for a while, after too many failed sign-ins, or by order.";
    SysNotFound = "SYS_NOT_FOUND", NOT_FOUND, "There is no such route.";
    SysInternalError = "SYS_INTERNAL_ERROR", INTERNAL_SERVER_ERROR, "Something went wrong in the server.";
    SysServiceUnavailable = "SYS_SERVICE_UNAVAILABLE", SERVICE_UNAVAILABLE, "Something the server needs is away for a while.";
    SysContended = "SYS_CONTENDED", SERVICE_UNAVAILABLE, "Too many are changing the same thing; try again.";
    SysMailOff = "SYS_MAIL_OFF", SERVICE_UNAVAILABLE, "The server sends no mail: `SMTP_URL` is not set.";
    SysTimeout = "SYS_TIMEOUT", SERVICE_UNAVAILABLE, "The request took longer than the limit.";
    SysViewBehind = "SYS_VIEW_BEHIND", SERVICE_UNAVAILABLE, "The view has not come as far as X-Read-After asks.";
    SessionLimitExceeded = "SESSION_LIMIT_EXCEEDED", CONFLICT, "The account has as many login sessions as it may.";
    TenantNotFound = "TENANT_NOT_FOUND", NOT_FOUND, "There is no such tenant.";
    TenantIsOwn = "TENANT_IS_OWN", CONFLICT, "Nobody suspends their own tenant.";
    TenantSubdomainNotFound = "TENANT_SUBDOMAIN_NOT_FOUND", NOT_FOUND, "There is no such subdomain.";
    TenantSubdomainTaken = "TENANT_SUBDOMAIN_TAKEN", CONFLICT, "The subdomain is another tenant's.";
    UserNotFound = "USER_NOT_FOUND", NOT_FOUND, "There is no such user.";
    UserAlreadyExists = "USER_ALREADY_EXISTS", CONFLICT, "The tenant has a user with this e-mail address.";
    UserIsOneself = "USER_IS_ONESELF", CONFLICT, "Nobody changes their own role or deactivates themselves.";
    AddressNotBlocked = "ADDRESS_NOT_BLOCKED", NOT_FOUND, "The address is not blocked.";
    SessionNotFound = "SESSION_NOT_FOUND", NOT_FOUND, "There is no such session.";
    SessionAlreadyExists = "SESSION_ALREADY_EXISTS", CONFLICT, "The tenant has a session of this name.";
    SessionDeleted = "SESSION_DELETED", CONFLICT, "The session is deleted, or about to be.";
    SessionDraining = "SESSION_DRAINING", CONFLICT, "The session takes no more messages; set its queue to run or hold, or use another.";
    SessionWrongState = "SESSION_WRONG_STATE", CONFLICT, "The session is not in the right state for this.";
    SessionWahaUnavailable = "SESSION_WAHA_UNAVAILABLE", SERVICE_UNAVAILABLE, "WAHA is away.";
    SessionWahaRefused = "SESSION_WAHA_REFUSED", BAD_GATEWAY, "WAHA refused, and would again.";
    WahaServerNotFound = "WAHA_SERVER_NOT_FOUND", NOT_FOUND, "There is no such WAHA server.";
    WahaServerAlreadyExists = "WAHA_SERVER_ALREADY_EXISTS", CONFLICT, "A WAHA server of this name is registered.";
    WahaServerHasSessions = "WAHA_SERVER_HAS_SESSIONS", CONFLICT, "Sessions are on the WAHA server.";
    WahaServerNamedBySettings = "WAHA_SERVER_NAMED_BY_SETTINGS", CONFLICT, "The settings say where this WAHA server is, and that it is there.";
    WahaServerNotActive = "WAHA_SERVER_NOT_ACTIVE", CONFLICT, "The WAHA server takes no new sessions.";
    WahaServerFull = "WAHA_SERVER_FULL", CONFLICT, "The WAHA server has as many sessions as it takes.";
    WahaServerNoRoom = "WAHA_SERVER_NO_ROOM", CONFLICT, "No WAHA server has room for another session.";
    MessageNotFound = "MESSAGE_NOT_FOUND", NOT_FOUND, "There is no such message.";
    MessageAlreadyExists = "MESSAGE_ALREADY_EXISTS", CONFLICT, "A message with this id exists already.";
    MessageNotYetVisible = "MESSAGE_NOT_YET_VISIBLE", SERVICE_UNAVAILABLE, "The message exists, but cannot be shown yet.";
    MessageWrongState = "MESSAGE_WRONG_STATE", CONFLICT, "The message is not in the right state for this.";
    DeadLetterNotFound = "DEAD_LETTER_NOT_FOUND", NOT_FOUND, "There is no such dead letter.";
    DeadLetterSettled = "DEAD_LETTER_SETTLED", CONFLICT, "The message is not among the dead letters.";
    ApiKeyNotFound = "API_KEY_NOT_FOUND", NOT_FOUND, "There is no such API key.";
    ApiKeyRevoked = "API_KEY_REVOKED", CONFLICT, "The API key is revoked.";
    ClientNotFound = "CLIENT_NOT_FOUND", NOT_FOUND, "There is no such OAuth2 client.";
    ClientRevoked = "CLIENT_REVOKED", CONFLICT, "The OAuth2 client is revoked.";
    ClientHasNoSecret = "CLIENT_HAS_NO_SECRET", CONFLICT, "A public OAuth2 client has no secret.";
    WebhookMalformed = "WEBHOOK_MALFORMED", BAD_REQUEST, "The webhook cannot be read.";
    WebhookTimestampInvalid = "WEBHOOK_TIMESTAMP_INVALID", BAD_REQUEST, "The webhook's timestamp is too far in the future.";
    WebhookSignatureInvalid = "WEBHOOK_SIGNATURE_INVALID", UNAUTHORIZED, "The webhook carries no valid signature.";
    WebhookAddressNotAllowed = "WEBHOOK_ADDRESS_NOT_ALLOWED", FORBIDDEN, "Webhooks are not taken from this address.";
    WebhookDraining = "WEBHOOK_DRAINING", SERVICE_UNAVAILABLE, "The server is shutting down; deliver it again.";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const PREFIXES: [&str; 16] = [
        "AUTH_",
        "API_KEY_",
        "CLIENT_",
        "AUTHZ_",
        "VALID_",
        "IDEMPOTENCY_",
        "RATE_",
        "SYS_",
        "MESSAGE_",
        "SESSION_",
        "WEBHOOK_",
        "DEAD_LETTER_",
        "WAHA_SERVER_",
        "TENANT_",
        "USER_",
        "ADDRESS_",
    ];

    #[test]
    fn every_code_has_a_word_of_its_own_under_a_known_prefix() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for word in words {
            assert!(PREFIXES.iter().any(|prefix| word.starts_with(prefix)), "{word}");
        }
    }

    #[test]
    fn every_code_is_an_error() {
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        }
    }
}
