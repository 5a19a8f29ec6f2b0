// Command bench is what the benchmarks run inside the sandbox and natively: it
// hashes its own buffer and prints the sum.
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
)

func main() {
	rounds := 0
	if len(os.Args) > 1 {
		rounds, _ = strconv.Atoi(os.Args[1])
	}
	sum := sha256.Sum256(nil)
	for range rounds {
		sum = sha256.Sum256(sum[:])
	}
	fmt.Printf("%x\n", sum)
}
