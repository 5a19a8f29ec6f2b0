package config

func (c *checker) links() {
	names := c.componentNames()
	pairs, listens := map[string]at{}, map[string]at{}
	if c.settings.Dashboard.Enabled {
		c.once("dashboard.listen", string(c.settings.Dashboard.Listen), listens)
	}
	for i, link := range c.settings.Links {
		where := at("link").index(i)
		c.reference(where.key("from"), link.From, names)
		c.reference(where.key("to"), link.To, names)
		if link.From == link.To && link.From != "" {
			c.wrong(where.key("to"), "is the same component as from")
		}
		c.bothOrNone(where, [2]string{"listen", "target"}, [2]bool{link.Listen != "", link.Target != ""})
		c.bothOrNone(where, [2]string{"open_command", "close_command"}, [2]bool{len(link.OpenCommand) > 0, len(link.CloseCommand) > 0})
		c.argv(where.key("open_command"), link.OpenCommand)
		c.argv(where.key("close_command"), link.CloseCommand)
		c.once(where, link.From+" to "+link.To, pairs)
		c.proxied(where, link, listens)
	}
}

// proxied checks what only a link with a proxy has.
func (c *checker) proxied(where at, link Link, listens map[string]at) {
	if link.Listen == "" {
		return
	}
	c.once(where.key("listen"), string(link.Listen), listens)
	if link.Listen == link.Target {
		c.wrong(where.key("target"), "is the listen address itself: the proxy would connect to itself")
	}
	if len(link.OpenCommand) > 0 {
		c.wrong(where.key("open_command"), "is for links without listen: the proxy opens this one")
	}
}
