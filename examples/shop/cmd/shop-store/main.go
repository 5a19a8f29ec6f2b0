// Command shop-store runs the shop's store process; see package store.
package main

import (
	"os"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/shop/store"
)

func main() { os.Exit(service.Main("shop-store", store.NewProgram())) }
