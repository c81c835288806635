-- Prosody for docker-compose.yml. Variables that begin with ENV_ come from the environment.
local domain = ENV_XMPP_DOMAIN or "localhost"

admins = {}
log = { info = "*console" }
pidfile = "/run/prosody/prosody.pid"
data_path = "/var/lib/prosody"

modules_enabled = {
	"roster", "saslauth", "tls", "disco", "presence", "message", "iq",
	"carbons", "mam", "pep", "blocklist", "smacks", "csi_simple", "vcard_legacy",
	"ping", "time", "version", "websocket",
}
-- Only people of this server call each other. To let others in, remove this line and
-- give Prosody certificates.
modules_disabled = { "s2s" }

authentication = "internal_hashed"
storage = "internal"
archive_expires_after = "1w"

-- Apps insist on TLS everywhere but here.
c2s_interfaces = { "127.0.0.1", "::1" }
c2s_require_encryption = false
http_interfaces = { "127.0.0.1", "::1" }
component_interfaces = { "127.0.0.1", "::1" }
component_ports = { 5347 }

-- Each is worth a factor of two in calls per second.
network_default_read_size = 66560
gc = { mode = "generational" }

VirtualHost(domain)

Component("call." .. domain)
	component_secret = ENV_COMPONENT_SECRET
	component_conflict_resolve = "kick_old"
