package config

import (
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

// Safety is the table [safety].
type Safety struct {
	Breaker Breaker `toml:"breaker" doc:"Stops all changes after repeated failures."`
	Rate    Rate    `toml:"rate" doc:"How many changes are taken in a rolling window."`
	Health  Health  `toml:"health" doc:"The host's own limits. Below the score no change starts."`
	Screen  Screen  `toml:"screen" doc:"Sizes and frequencies that raise the risk of a change to medium."`
}

// Breaker is the table [safety.breaker].
type Breaker struct {
	Failures  int           `toml:"failures" default:"5" min:"1" max:"1000" doc:"Consecutive failures that open the breaker."`
	Successes int           `toml:"successes" default:"3" min:"1" max:"1000" doc:"Successes that close it again."`
	Timeout   time.Duration `toml:"timeout" default:"5m" min:"1s" max:"168h" doc:"How long it stays open before it lets trials through."`
}

// Rate is the table [safety.rate].
type Rate struct {
	Max          int           `toml:"max" default:"10" min:"1" max:"10000" doc:"Changes in any window of this length."`
	Window       time.Duration `toml:"window" default:"1m" min:"1s" max:"24h" doc:"The length of the rolling window."`
	PerAuthor    int           `toml:"per_author" default:"10" min:"1" max:"10000" doc:"Changes of one author in a window."`
	PerComponent int           `toml:"per_component" default:"10" min:"1" max:"10000" doc:"Changes that touch one component in a window."`
}

// Health is the table [safety.health].
type Health struct {
	MinScore           int           `toml:"min_score" default:"80" min:"0" max:"100" doc:"The health score below which changes are refused or warned about."`
	CPUMax             form.Percent  `toml:"cpu_max" default:"90%" doc:"CPU in use, all cores together."`
	MemoryMinAvailable form.Percent  `toml:"memory_min_available" default:"20%" doc:"Memory that is free or can be freed."`
	DiskMax            form.Percent  `toml:"disk_max" default:"90%" doc:"Space in use on the fullest file system that matters."`
	ErrorRateMax       form.Percent  `toml:"error_rate_max" default:"5%" doc:"Probes that fail."`
	SuccessRateMin     form.Percent  `toml:"success_rate_min" default:"90%" doc:"Changes that are kept."`
	ResponseMax        time.Duration `toml:"response_max" default:"5s" min:"1ms" max:"10m" doc:"The slowest answer of a probe that is still healthy."`
}

// Screen is the table [safety.screen].
type Screen struct {
	MaxChars   int           `toml:"max_chars" default:"10000" min:"1" max:"100000000" doc:"Characters that a change adds or removes."`
	MaxFiles   int           `toml:"max_files" default:"5" min:"1" max:"1000000" doc:"Files that a change touches."`
	MaxChanges int           `toml:"max_changes" default:"5" min:"1" max:"10000" doc:"Changes of one author in the window below."`
	Window     time.Duration `toml:"window" default:"5m" min:"1s" max:"24h" doc:"The length of that window."`
}

// Self is the table [self].
type Self struct {
	Watch   time.Duration `toml:"watch" default:"2m" min:"1s" max:"24h" doc:"How long a change of homeostat itself can be undone by what is seen."`
	Confirm Confirmation  `toml:"confirm" default:"health" oneof:"health|person|both" doc:"What ends that watch well. A person has to agree beforehand in any case."`
}

// Backup is the table [backup].
type Backup struct {
	KeepDays int `toml:"keep_days" default:"7" min:"1" max:"3650" doc:"Days after which a backup expires. Pinned ones stay."`
	KeepMax  int `toml:"keep_max" default:"50" min:"1" max:"100000" doc:"Backups kept at most, the newest first."`
}
