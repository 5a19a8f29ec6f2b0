// Command homeostat is the daemon and its command line: `homeostat run` starts
// the daemon, everything else asks a running one or works on files. It owns
// flags, signals and exit codes only.
//
// The daemon starts the same program again for work that is kept apart: to
// exchange the files of a change, and to run what is not trusted.
package main

import (
	"os"

	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/txn/worker"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli"
	"github.com/homeostat/homeostat/host/drill/launch"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/sandbox"
)

// version is set by the linker.
var version = "dev"

func main() {
	// Workers, and the parts of a drill, are this very binary, started anew.
	sandbox.MaybeWorker()
	if worker.Asked() {
		os.Exit(worker.Main(os.Stdin, os.Stdout))
	}
	if confined.Asked() {
		os.Exit(confined.Main())
	}
	if scratch.Asked() {
		os.Exit(scratch.Main())
	}
	if launch.Asked() {
		os.Exit(launch.Main())
	}
	os.Exit(cli.Main(version, os.Args[1:]))
}
