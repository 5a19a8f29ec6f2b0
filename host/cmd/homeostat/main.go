// Command homeostat is the daemon and its command line: `homeostat run` starts
// the daemon, everything else asks a running one or works on files. It owns
// flags, signals and exit codes only.
package main

import (
	"os"

	"github.com/homeostat/homeostat/host/cmd/homeostat/cli"
	"github.com/homeostat/homeostat/sandbox"
)

// version is set by the linker.
var version = "dev"

func main() {
	sandbox.MaybeWorker() // the sandbox runs this very binary as its worker
	os.Exit(cli.Main(version, os.Args[1:]))
}
