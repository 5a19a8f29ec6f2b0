// Command shop-web runs the shop's web process; see package web.
package main

import (
	"os"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/shop/web"
)

func main() { os.Exit(service.Main("shop-web", web.NewProgram())) }
