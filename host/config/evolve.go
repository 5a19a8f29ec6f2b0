package config

import "time"

// Evolve is the table [evolve].
type Evolve struct {
	Enabled     bool          `toml:"enabled" default:"true" doc:"Search while nothing is recovered and no incident of medium severity or more is open. What is found is proposed by the strategy that searches, in an incident."`
	Evaluations int           `toml:"evaluations" default:"2000" min:"10" max:"1000000" doc:"Settings that one search may try on the model."`
	Seeds       int           `toml:"seeds" default:"8" min:"1" max:"1000" doc:"Streams of random numbers that each setting is tried with."`
	Every       time.Duration `toml:"every" default:"24h" min:"1s" max:"168h" doc:"Time between two searches of a component."`
	Look        time.Duration `toml:"look" default:"1m" min:"100ms" max:"24h" doc:"How often it looks for a search that is due; the first look is after this time."`
	Timeout     time.Duration `toml:"timeout" default:"2s" min:"10ms" max:"10m" doc:"For one answer of a model."`
}
