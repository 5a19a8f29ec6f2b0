package history

import "os"

// child is what the re-executed test binary does.
func child(string) { os.Exit(3) }
