package config

import (
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

// Link is one table [[link]].
type Link struct {
	From   string       `toml:"from" required:"true" example:"\"web\"" doc:"The component that connects."`
	To     string       `toml:"to" required:"true" example:"\"store\"" doc:"The component that is connected to."`
	Listen form.Address `toml:"listen" default:"" doc:"Where the link's proxy listens, and from connects to; without it the link is only declared."`
	Target form.Address `toml:"target" default:"" doc:"Where the proxy connects to; required with listen."`
	Type   string       `toml:"type" default:"tcp" oneof:"http|tcp" doc:"What the proxy understands. http is HTTP/1.1 without TLS; everything else is tcp."`

	MaxConnections int           `toml:"max_connections" default:"1024" min:"1" max:"100000" doc:"Callers that the proxy serves at once; it hangs up on one more."`
	DialTimeout    time.Duration `toml:"dial_timeout" default:"2s" min:"10ms" max:"10m" doc:"How long a connection to the target may take."`
	IdleTimeout    time.Duration `toml:"idle_timeout" default:"5m" min:"1s" max:"24h" doc:"A connection on which nothing moves is ended after this, and so is the wait for an HTTP answer."`
	MaxLatency     time.Duration `toml:"max_latency" default:"1s" min:"1ms" max:"10m" doc:"A later answer counts as slow, and in a trial as a failure."`
	Retry          time.Duration `toml:"retry" default:"10s" min:"100ms" max:"24h" doc:"How long the link stays open until one request at a time is let through as a trial."`
	Drain          time.Duration `toml:"drain" default:"5s" min:"1ms" max:"1h" doc:"How long what is under way may go on when the link is opened or its proxy ends."`
	OnExit         string        `toml:"on_exit" default:"keep" oneof:"keep|stop" doc:"keep: the proxy outlives the daemon. stop: it ends with the daemon."`

	OpenCommand  []string `toml:"open_command" example:"[\"./link\", \"off\"]" doc:"Opens a link without listen: program and arguments, relative to this file."`
	CloseCommand []string `toml:"close_command" example:"[\"./link\", \"on\"]" doc:"Closes it again; required with open_command."`
}
