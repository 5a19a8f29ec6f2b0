// Command check-go is a check in Go: every changed .json file must be valid JSON.
//
//	GOOS=wasip1 GOARCH=wasm go build -o json.wasm ./examples/check-go
//	homeostat sandbox run json.wasm --view /srv/shop -- etc/app.json
package main

import (
	"encoding/json"

	"github.com/homeostat/homeostat/sandbox/check"
)

func main() {
	check.Main(func(c *check.Check) error {
		for _, p := range c.Changed("**.json") {
			if text, err := c.Read(p); err != nil {
				return err
			} else if !json.Valid(text) {
				c.Fail(p, 0, "is no valid JSON")
			}
		}
		return nil
	})
}
