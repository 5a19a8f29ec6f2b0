package config

import (
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

// Dashboard is the table [dashboard].
type Dashboard struct {
	Enabled bool         `toml:"enabled" default:"true" doc:"Whether the page and the HTTP API are served. The socket always is."`
	Listen  form.Address `toml:"listen" default:"127.0.0.1:8080" doc:"Address and port. Beyond this machine, give a certificate as well."`
	TLSCert string       `toml:"tls_cert" default:"" doc:"PEM file with the certificate; needs tls_key."`
	TLSKey  string       `toml:"tls_key" default:"" doc:"PEM file with the private key; needs tls_cert."`

	ExternalURL form.URL `toml:"external_url" default:"" example:"\"https://homeostat.example.org\"" doc:"How people reach this address from elsewhere; messages then hold links to it, such as the one that answers an approval."`
}

// Notify is the table [notify].
type Notify struct {
	Webhook    form.URL `toml:"webhook" default:"" doc:"Where messages are posted; empty for nowhere. See docs/notifications.md." example:"\"https://example.org/hook\""`
	SecretFile string   `toml:"secret_file" default:"" example:"\"webhook.secret\"" doc:"File with the secret that signs each message, readable by its owner alone; homeostat notify secret makes one. Required for format homeostat."`
	Format     string   `toml:"format" default:"homeostat" oneof:"homeostat|alertmanager" doc:"homeostat: signed as Standard Webhooks. alertmanager: Alertmanager's payload, version 4."`
}

// Alerts is the table [alerts].
type Alerts struct {
	Labels     []string          `toml:"labels" example:"[\"component\", \"job\", \"instance\"]" otherwise:"[\"component\", \"job\", \"instance\"]" doc:"The labels that may name the component of an alert; the first that does decides."`
	Components map[string]string `toml:"components" example:"{ \"10.0.0.7:9100\" = \"web\" }" doc:"Values of these labels that are not the name of a component, and the component that they stand for. Alerts of no component belong to the host."`
	Severities map[string]string `toml:"severities" example:"{ page = \"high\" }" doc:"Values of the label severity and what they mean: low, medium, high or critical. Beyond them info and warning are low, error is medium, critical and page are high."`
	Down       []string          `toml:"down" example:"[\"*Down\", \"*Unreachable\", \"*ProbeFailed\", \"*TargetMissing\", \"*NotRunning\", \"*Crashed\"]" otherwise:"[\"*Down\", \"*Unreachable\", \"*ProbeFailed\", \"*TargetMissing\", \"*NotRunning\", \"*Crashed\"]" doc:"Names of alerts that say that their component is down, with * for any rest, in any case: strategy-restart offers a restart for them. All others are vague to it."`
	TTL        time.Duration     `toml:"ttl" default:"5h" min:"1m" max:"168h" doc:"How long an alert stands that is neither repeated nor resolved; longer than Alertmanager's repeat_interval, which is 4h by default."`
}

// Log is the table [log].
type Log struct {
	Level  string `toml:"level" default:"info" oneof:"debug|info|warning|error" doc:"The least important line that is written."`
	Format string `toml:"format" default:"text" oneof:"text|json" doc:"For people or for machines."`
}

// History is the table [history].
type History struct {
	Days int `toml:"days" default:"7" min:"1" max:"365" doc:"Days that signals, incidents, recoveries and changes are kept."`
}

// State is the table [state].
type State struct {
	Dir string `toml:"dir" default:"" otherwise:"/var/lib/homeostat as root, else $XDG_STATE_HOME/homeostat" doc:"A folder of the daemon's own, with mode 0700."`
}

// Socket is the table [socket].
type Socket struct {
	Path  string `toml:"path" default:"" otherwise:"/run/homeostat/homeostat.sock as root, else $XDG_RUNTIME_DIR/homeostat/homeostat.sock" doc:"The socket's path, at most 107 bytes."`
	Group string `toml:"group" default:"" doc:"A group whose members may use the command line; empty for root and the daemon's user alone."`
}

// Generator is the table [generator].
type Generator struct {
	Command []string `toml:"command" doc:"Reads JSON {specification, file_path, current} and writes the new content." example:"[\"/usr/local/bin/write-config\"]"`
}
