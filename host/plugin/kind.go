package plugin

import "github.com/homeostat/homeostat/sdk/wire"

// Kind is what a plugin does.
type Kind = wire.PluginKind

// The kinds of plugins.
const (
	KindDetector = wire.KindDetector
	KindStrategy = wire.KindStrategy
)
