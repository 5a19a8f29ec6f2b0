package config

import (
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

// Mode says what may happen without a person.
type Mode string

// The modes, from the strictest to the most automatic; learning decides and records, but does nothing.
const (
	ModeLearning   Mode = "learning"
	ModeManual     Mode = "manual"
	ModeSupervised Mode = "supervised"
	ModeAutomated  Mode = "automated"
)

// Healing is the table [healing].
type Healing struct {
	Enabled                 bool          `toml:"enabled" default:"true" doc:"Whether incidents are opened and recoveries proposed at all."`
	Mode                    Mode          `toml:"mode" default:"supervised" oneof:"manual|supervised|automated|learning" doc:"manual: every recovery needs approval. supervised: low and medium severity are automatic. automated: all are. learning: decide and record, do nothing. A mode set by homeostat mode set holds instead, until homeostat mode unset."`
	DetectionInterval       time.Duration `toml:"detection_interval" default:"30s" min:"1s" max:"1h" doc:"How often detectors look at signals. Exits and probe verdicts are looked at at once."`
	MaxConcurrentRecoveries int           `toml:"max_concurrent_recoveries" default:"3" min:"1" max:"100" doc:"How many recoveries run at the same time, the most severe first."`
	QuarantinePeriod        time.Duration `toml:"quarantine_period" default:"10m" min:"1ms" max:"168h" doc:"How long a strategy whose recovery failed is not asked again about the component; the next rung of the ladder is asked at once."`
	ApprovalExpiry          time.Duration `toml:"approval_expiry" default:"1h" min:"1m" max:"720h" doc:"How long a proposal waits for a person. It is proposed once more, and the incident stays open."`
	Choice                  string        `toml:"choice" default:"guarded" oneof:"ladder|guarded|cost|thompson" doc:"ladder: the least invasive strategy that offers something. guarded: the ladder, where a rung is passed over when outcomes say clearly that another helps more for its cost. cost: the highest chance for its cost. thompson: the same with drawn chances, which keeps trying others."`
	Reopen                  time.Duration `toml:"reopen" default:"10m" min:"1s" max:"24h" doc:"The same trouble so soon after its end opens the incident again instead of a new one."`
	Ladder                  []string      `toml:"ladder" otherwise:"revert, restart, isolate, reconfigure, genetic as far as there are such plugins, then others by name, then hand_over" doc:"The strategies in the order in which they are asked, least invasive first: names of plugins, and hand_over for a person. Those that are not named are not asked."`
	Promotion               string        `toml:"promotion" default:"suggest" oneof:"off|suggest|automatic" doc:"What becomes of a strategy whose record with a component passes the bar (homeostat strategy scoreboard shows both): suggest says so, automatic lets it act unasked in the modes supervised and learning, until it falls below the bar."`
	Storm                   Storm         `toml:"storm" doc:"How many recoveries may begin, whatever strategies propose."`
	Experiment              Experiment    `toml:"experiment" doc:"Lets chance decide between two strategies that are equally invasive, so that homeostat strategy compare has numbers to compare. Never in mode manual or learning, and never what needs a person."`
	LookBack                time.Duration `toml:"look_back" default:"30m" min:"1m" max:"24h" doc:"How far back an incident's context goes: changes, edited files and packages that strategies and people are told of."`
	PackageLogs             []string      `toml:"package_logs" otherwise:"/var/log/dpkg.log and /var/log/apt/history.log" doc:"Logs of the package manager, in the form of dpkg.log or of apt's history.log."`
	Hold                    time.Duration `toml:"hold" default:"2m" min:"1s" max:"24h" doc:"How long a component must stay healthy before a recovery counts as a success."`
}

// Experiment is the table experiment of [healing].
type Experiment struct {
	Strategies   []string      `toml:"strategies" otherwise:"no experiment" doc:"The two strategies: the one that the ladder would take, and the one it is compared with."`
	Share        form.Percent  `toml:"share" default:"50%" doc:"The probability of the second one, from 5% to 95%."`
	Components   []string      `toml:"components" otherwise:"all" doc:"The components that take part."`
	MaxIncidents int           `toml:"max_incidents" default:"400" min:"1" max:"100000" doc:"The experiment ends after so many incidents; earlier when the difference is clear, or the second strategy is likely to be worse."`
	MaxTime      time.Duration `toml:"max_time" default:"720h" min:"1m" max:"2160h" doc:"The experiment ends after this time."`
	Longest      time.Duration `toml:"longest" default:"5m" min:"1s" max:"24h" doc:"A longer downtime of one incident counts as this: without a bound no interval could be given. A smaller one decides sooner."`
	Name         string        `toml:"name" default:"" doc:"An experiment that is over does not begin again with the same settings; another name begins a new one."`
}

// Storm is the table storm of [healing].
type Storm struct {
	Component int           `toml:"component" default:"30" min:"1" max:"10000" doc:"Recoveries of one component in any window of this length."`
	Host      int           `toml:"host" default:"60" min:"1" max:"100000" doc:"Recoveries of all components together."`
	Window    time.Duration `toml:"window" default:"10m" min:"1s" max:"24h" doc:"The length of the window."`
}
