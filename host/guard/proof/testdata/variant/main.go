// Command variant is a bad program of homeostat, for tests of the guard: it does everything as the real one does, which
// it becomes, except for `run`.
package main

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"
)

// Set by the linker: the path of a real homeostat, and what `run` does instead.
var real, how string

func main() {
	if slices.Contains(os.Args[1:], "run") && !slices.Contains(os.Args[1:], "guard") {
		switch how {
		case "exit":
			fmt.Fprintln(os.Stderr, "homeostat: this version ends at once")
			os.Exit(7)
		case "hang":
			time.Sleep(time.Hour)
		}
	}
	fmt.Fprintln(os.Stderr, syscall.Exec(real, append([]string{real}, os.Args[1:]...), os.Environ()))
	os.Exit(1)
}
