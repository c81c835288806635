-- A private Prosody on loopback, for the demo and the browser tests. Not a model for a real server: no TLS is asked for.
-- What differs from run to run comes from the environment; Prosody reads it as ENV_….
run_as_root = true -- the demo may be root; without this Prosody would not start then
data_path = ENV_DATA
pidfile = ENV_DATA .. "/prosody.pid"
certificates = ENV_CERTS
log = { { levels = { min = "info" }, to = "console" } }
authentication = "internal_plain"
modules_enabled = { "roster", "saslauth", "tls", "disco", "carbons", "blocklist", "ping", "smacks", "time", "version", "websocket" }
modules_disabled = { "s2s", "offline" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { ENV_C2S_PORT + 0 }
component_ports = { ENV_COMPONENT_PORT + 0 }
http_ports = { ENV_HTTP_PORT + 0 }
https_ports = {}
http_default_host = ENV_DOMAIN
consider_websocket_secure = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true

VirtualHost(ENV_DOMAIN)

Component("call." .. ENV_DOMAIN)
	component_secret = ENV_SECRET
	component_conflict_resolve = "kick_old" -- a bridge that crashed may come back at once
