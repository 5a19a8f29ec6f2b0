package config

import (
	"slices"
	"strings"
	"testing"
)

// component is the head of a component that is right.
const component = "[[component]]\nname = \"web\"\ncommand = [\"./web\"]\n"

// relations are texts that are wrong between keys, each with the one problem that must be told.
var relations = []struct{ name, text, want string }{
	{"name twice", component + component, `line 5: component[1].name: "web" is used already in line 2`},
	{"unknown strategy", "[healing]\nladder = [\"restrat\"]\n[plugins.restart]\nkind = \"strategy\"\npath = \"x\"",
		`line 2: healing.ladder[0]: there is no strategy "restrat": it needs a table [plugins.restrat]; did you mean "restart"?`},
	{"detector in a ladder", component + "ladder = [\"health\"]\n[plugins.health]\nkind = \"detector\"\npath = \"x\"",
		`line 4: component[0].ladder[0]: "health" is a detector, not a strategy`},
	{"person in the middle", "[healing]\nladder = [\"hand_over\", \"restart\"]\n[plugins.restart]\nkind = \"strategy\"\npath = \"x\"",
		`line 2: healing.ladder[0]: a person comes last: what follows would never be asked`},
	{"strategy twice", "[healing]\nladder = [\"restart\", \"restart\"]\n[plugins.restart]\nkind = \"strategy\"\npath = \"x\"",
		`line 2: healing.ladder[1]: "restart" is named already`},
	{"storm", "[healing]\nstorm = { component = 9, host = 3 }", `line 2: healing.storm.component: 9 for one component is more than 3 for the host`},
	{"name reserved", "[[component]]\nname = \"self\"\ncommand = [\"x\"]", `line 2: component[0].name: "self" is reserved`},
	{"root name reserved", "[[root]]\nname = \"host\"\npath = \"/srv/x\"\nconfirm = \"none\"", `line 2: root[0].name: "host" is reserved`},
	{"no command", "[[component]]\nname = \"web\"", `line 1: component[0].command: is required for kind "command"`},
	{"empty command", "[[component]]\nname = \"web\"\ncommand = []", `line 3: component[0].command: is empty`},
	{"empty program", "[[component]]\nname = \"web\"\ncommand = [\"\"]", `line 3: component[0].command: the name of the program is empty`},
	{"zero byte", "[[component]]\nname = \"web\"\ncommand = [\"x\", \"\\u0000\"]", `line 3: component[0].command: an argument holds a zero byte`},
	{"no pidfile", "[[component]]\nname = \"web\"\nkind = \"pidfile\"", `line 1: component[0].pidfile: is required for kind "pidfile"`},
	{"no match", "[[component]]\nname = \"web\"\nkind = \"match\"", `line 1: component[0].match: is required for kind "match"`},
	{"no unit", "[[component]]\nname = \"web\"\nkind = \"unit\"", `line 1: component[0].unit: is required for kind "unit"`},
	{"command of another kind", "[[component]]\nname = \"web\"\nkind = \"match\"\nmatch = \"x\"\ncommand = [\"x\"]",
		`line 5: component[0].command: is for kind "command", this one is of kind "match"; a command that starts it goes into start_command`},
	{"stop of another kind", "[[component]]\nname = \"web\"\nkind = \"match\"\nmatch = \"x\"\non_exit = \"stop\"",
		`line 5: component[0].on_exit: only kind "command" can end with the daemon, not "match"`},
	{"start of a command", component + "start_command = [\"x\"]", `line 4: component[0].start_command: kind "command" starts its command itself`},
	{"unknown user", component + "user = \"www-date\"", `line 4: component[0].user: there is no user "www-date" on this host`},
	{"unknown dependency", component + "depends_on = [\n\"wep\"]", `line 5: component[0].depends_on[0]: there is no component "wep"; did you mean "web"?`},
	{"depends on itself", component + "depends_on = [\"web\"]", `line 4: component[0].depends_on: depends on itself: web → web`},
	{"cycle", component + "depends_on = [\"a\"]\n[[component]]\nname = \"a\"\ncommand = [\"x\"]\ndepends_on = [\"web\"]",
		`line 4: component[0].depends_on: depends on itself: web → a → web`},
	{"environment", component + "env = { \"A=B\" = \"C\" }", `line 4: component[0].env."A=B": not a variable: its name is empty or holds =, or there is a zero byte`},
	{"sum without model", component + "model = { sha256 = \"" + strings.Repeat("ab", 32) + "\" }", `line 4: component[0].model.sha256: needs module as well`},
	{"replay without model", component + "model = { replay = \"requests_total\" }", `line 4: component[0].model.replay: needs module as well`},
	{"declared name", component + "[component.declared.Drop]\ncommand = [\"x\"]", `line 4: component[0].declared.Drop: "Drop" is not a name: use lower-case letters, digits, _ and -, at most 63, beginning with a letter`},
	{"declared empty", component + "[component.declared.drop]\ncommand = []", `line 5: component[0].declared.drop.command: is empty`},
	{"probe without url", component + "[[component.probe]]\ntype = \"http\"", `line 4: component[0].probe[0].url: is required for type "http"`},
	{"probe without address", component + "[[component.probe]]\ntype = \"tcp\"", `line 4: component[0].probe[0].address: is required for type "tcp"`},
	{"probe without command", component + "[[component.probe]]\ntype = \"exec\"", `line 4: component[0].probe[0].command: is required for type "exec"`},
	{"probe without path", component + "[[component.probe]]\ntype = \"unix\"", `line 4: component[0].probe[0].path: is required for type "unix"`},
	{"probe with a foreign key", component + "[[component.probe]]\ntype = \"tcp\"\naddress = \"[::1]:80\"\nstatus = \"200\"",
		`line 7: component[0].probe[0].status: is for type "http", this probe is of type "tcp"`},
	{"timeout below any answer", component + "[[component.probe]]\ntype = \"tcp\"\naddress = \"[::1]:80\"\ntimeout = \"5ms\"",
		`line 7: component[0].probe[0].timeout: 5ms is too short for any answer: want 10ms or more, or 0s`},
	{"latency above timeout", component + "[[component.probe]]\ntype = \"tcp\"\naddress = \"[::1]:80\"\nmax_latency = \"3s\"",
		`line 7: component[0].probe[0].max_latency: 3s is longer than timeout, 2s, and can never be reached`},
	{"two probes of one name", component + "[[component.probe]]\ntype = \"tcp\"\naddress = \"[::1]:80\"\n[[component.probe]]\ntype = \"tcp\"\naddress = \"[::1]:81\"",
		`line 7: component[0].probe[1]: another probe is called "tcp" already, in line 4; give name`},
	{"probe name", component + "[[component.probe]]\ntype = \"tcp\"\nname = \"A b\"\naddress = \"[::1]:80\"",
		`line 6: component[0].probe[0].name: "A b" is not a name: use lower-case letters, digits, _ and -, at most 63, beginning with a letter`},
	{"url with a password", component + "scrape = \"http://a:b@c/\"", `line 4: component[0].scrape: the address holds a user or password, which would show in logs`},
	{"link to nobody", component + "[[link]]\nfrom = \"web\"\nto = \"stor\"", `line 6: link[0].to: there is no component "stor"; known here: web`},
	{"link to itself", component + "[[link]]\nfrom = \"web\"\nto = \"web\"", `line 6: link[0].to: is the same component as from`},
	{"link without target", component + "[[link]]\nfrom = \"web\"\nto = \"web\"\nlisten = \"[::1]:80\"", `line 7: link[0].listen: needs target as well`},
	{"link twice", component + "[[link]]\nfrom = \"web\"\nto = \"a\"\n[[link]]\nfrom = \"web\"\nto = \"a\"", `line 7: link[1]: web to a is declared already in line 4`},
	{"link on the dashboard's address", "[dashboard]\nlisten = \"[::1]:80\"\n" + component + "[[link]]\nfrom = \"web\"\nto = \"a\"\nlisten = \"[::1]:80\"\ntarget = \"[::1]:81\"",
		`line 9: link[0].listen: [::1]:80 is declared already in line 2`},
	{"root of nobody", "[[root]]\nname = \"shop\"\npath = \"/srv/x\"\ncomponent = \"web\"", `line 4: root[0].component: there is no component "web"`},
	{"root without owner", "[[root]]\nname = \"shop\"\npath = \"/srv/x\"",
		`line 1: root[0].confirm: "health" needs a component whose probes decide; name a component, or set confirm = "person" or "none"`},
	{"activation without owner", "[[root]]\nname = \"shop\"\npath = \"/srv/x\"\nconfirm = \"none\"\nactivate = \"reload\"",
		`line 5: root[0].activate: there is no component to reload; name a component`},
	{"root is everything", "[[root]]\nname = \"shop\"\npath = \"/\"\nconfirm = \"none\"", `line 3: root[0].path: the whole file system cannot be a root`},
	{"root in proc", "[[root]]\nname = \"shop\"\npath = \"/proc/self\"\nconfirm = \"none\"", `line 3: root[0].path: /proc/self lies in /proc, where nothing can be undone`},
	{"root and state", "[[root]]\nname = \"shop\"\npath = \"/var/lib\"\nconfirm = \"none\"",
		`line 3: root[0].path: /var/lib and state.dir, /var/lib/homeostat, lie in one another; move one of them`},
	{"root in a root", "[[root]]\nname = \"a\"\npath = \"x\"\nconfirm = \"none\"\n[[root]]\nname = \"b\"\npath = \"x/y\"\nconfirm = \"none\"",
		`line 7: root[1].path: /srv/x/y and root "a", /srv/x, lie in one another`},
	{"pattern", "[[root]]\nname = \"shop\"\npath = \"x\"\nconfirm = \"none\"\ndeny = [\"../x\"]", `line 5: root[0].deny[0]: "../x" is not a pattern of paths inside the root`},
	{"empty validator", "[[root]]\nname = \"shop\"\npath = \"x\"\nconfirm = \"none\"\nvalidate = [[\"a\"], []]", `line 5: root[0].validate[1]: is empty`},
	{"plugin name", "[plugins.Health]\nkind = \"detector\"\npath = \"x\"",
		`line 1: plugins.Health: "Health" is not a name: use lower-case letters, digits, _ and -, at most 63, beginning with a letter`},
	{"certificate alone", "[dashboard]\ntls_cert = \"x\"", `line 2: dashboard.tls_cert: needs tls_key as well`},
	{"webhook without secret", "[notify]\nwebhook = \"https://a.example/\"", "line 2: notify.webhook: needs secret_file as well, for messages are signed; `homeostat notify secret FILE` makes one"},
	{"alert of nobody", component + "[alerts]\ncomponents = { \"10.0.0.7:9100\" = \"wep\" }", `line 5: alerts.components."10.0.0.7:9100": there is no component "wep"; did you mean "web"?`},
	{"alert of the host", "[alerts]\ncomponents = { a = \"host\", b = \"web\" }", `line 2: alerts.components.b: there is no component "web"`},
	{"alert's severity", "[alerts]\nseverities = { page = \"hihg\" }", `line 2: alerts.severities.page: "hihg" is no severity; want low, medium, high or critical`},
	{"alert's name", "[alerts]\ndown = [\"*Down\", \"[a\"]", `line 2: alerts.down[1]: "[a" is no pattern; write the name of an alert, with * for any rest, as in "*Down"`},
	{"alert's label", "[alerts]\nlabels = [\"job\", \"\"]", `line 2: alerts.labels[1]: is empty`},
	{"socket too long", "[socket]\npath = \"/" + strings.Repeat("x", 107) + "\"", `line 2: socket.path: "/` + strings.Repeat("x", 107) + `" has 108 bytes, a socket's path at most 107`},
	{"state is everything", "[state]\ndir = \"/\"", `line 2: state.dir: the folder is / itself; give one of the daemon's own`},
	{"syntax", "[healing]\nmode = supervised", `line 2: healing.mode: not valid TOML: expected value but found "supervised" instead`},
}

func TestRelationsBetweenKeysAreRefusedWithPathAndLine(t *testing.T) {
	for _, c := range relations {
		t.Run(c.name, func(t *testing.T) {
			if got := problemsOf(t, c.text, rootHost()); !slices.Contains(got, c.want) {
				t.Errorf("text:\n%s\ngot  %q\nwant %q", c.text, got, c.want)
			}
		})
	}
}

// parameterHead is a parameter that lacks what its type needs.
const parameterHead = component + "[[component.parameter]]\nname = \"workers\"\nfile = \"f\"\nkey = \"k\"\n"

func TestParametersAreRefusedWhenTheirValuesDoNotFit(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"type = \"int\"\ndefault = 1", `line 4: component[0].parameter[0].min: is required for type "int"`},
		{"type = \"int\"\ndefault = 1\nmin = 2\nmax = 1", `line 10: component[0].parameter[0].min: 2 is not below max, 1`},
		{"type = \"int\"\ndefault = 9\nmin = 1\nmax = 8", `line 9: component[0].parameter[0].default: 9 is outside min to max`},
		{"type = \"int\"\ndefault = 1.5\nmin = 1\nmax = 8", `line 9: component[0].parameter[0].default: 1.5 is not a whole number, as type "int" needs`},
		{"type = \"int\"\ndefault = \"1\"\nmin = 1\nmax = 8", `line 9: component[0].parameter[0].default: want a number for type "int"`},
		{"type = \"int\"\ndefault = 1\nmin = 1\nmax = 8\nmax_step = 0", `line 12: component[0].parameter[0].max_step: 0 is not above 0`},
		{"type = \"int\"\ndefault = 1\nmin = 1\nmax = 8\nmax_step = 0.5", `line 12: component[0].parameter[0].max_step: 0.5 is not a whole number`},
		{"type = \"log_int\"\ndefault = 1\nmin = 0\nmax = 8", `line 10: component[0].parameter[0].min: a log_int is moved by factors, so min must be 1 or more`},
		{"type = \"log_int\"\ndefault = 1\nmin = 1\nmax = 8\nmax_step = 1", `line 12: component[0].parameter[0].max_step: 1 is not a factor above 1`},
		{"type = \"bool\"\ndefault = 1", `line 9: component[0].parameter[0].default: want true or false for type "bool"`},
		{"type = \"bool\"\ndefault = true\nmin = 1", `line 10: component[0].parameter[0].min: means nothing for type "bool"`},
		{"type = \"choice\"\ndefault = \"a\"", `line 4: component[0].parameter[0].choices: is required for type "choice"`},
		{"type = \"choice\"\ndefault = \"c\"\nchoices = [\"a\", \"b\"]", `line 9: component[0].parameter[0].default: "c" is not one of choices; did you mean "a"?`},
		{"type = \"float\"\ndefault = 1\nmin = 0\nmax = 1\nchoices = [\"a\"]", `line 12: component[0].parameter[0].choices: means nothing for type "float"`},
	} {
		if got := problemsOf(t, parameterHead+c.text, rootHost()); !slices.Contains(got, c.want) {
			t.Errorf("text:\n%s\ngot  %q\nwant %q", c.text, got, c.want)
		}
	}
}

func TestForbiddenCombinationsThatCannotHoldAreRefused(t *testing.T) {
	const head = component + "[[component.parameter]]\nname = \"workers\"\nfile = \"f\"\nkey = \"k\"\ntype = \"int\"\nmin = 1\nmax = 8\ndefault = 1\n" +
		"[[component.parameter]]\nname = \"cache\"\nfile = \"f\"\nkey = \"c\"\ntype = \"choice\"\nchoices = [\"on\", \"off\"]\ndefault = \"on\"\n" +
		"[[component.parameter]]\nname = \"fast\"\nfile = \"f\"\nkey = \"d\"\ntype = \"bool\"\ndefault = true\n[[component.forbid]]\n"
	for _, c := range []struct{ all, want string }{
		{`[]`, `.all: is empty: it would forbid everything or nothing`},
		{`["workers"]`, `.all[0]: "workers" is not a condition such as "workers >= 32": want a parameter, one of =, !=, <, <=, > and >=, and a value or another parameter`},
		{`["workers > 3", "worker > 3"]`, `.all[1]: there is no parameter "worker"; did you mean "workers"?`},
		{`["workers > many"]`, `.all[0]: "many" is neither a number nor a parameter that is one`},
		{`["workers > inf"]`, `.all[0]: "inf" is neither a number nor a parameter that is one`},
		{`["workers > cache"]`, `.all[0]: "cache" is neither a number nor a parameter that is one`},
		{`["cache > off"]`, `.all[0]: a parameter of type "choice" is only = or != to something`},
		{`["cache = slow"]`, `.all[0]: "slow" is not one of the choices of cache`},
		{`["fast = 1"]`, `.all[0]: "1" is neither true nor false`},
	} {
		want := "line 26: component[0].forbid[0]" + c.want
		if got := problemsOf(t, head+"all = "+c.all, rootHost()); !slices.Equal(got, []string{want}) {
			t.Errorf("all = %s:\ngot  %q\nwant %q", c.all, got, want)
		}
	}
	if got := problemsOf(t, head+`all = ["workers>=3","cache = off", "fast != true", "workers < workers"]`, rootHost()); len(got) > 0 {
		t.Errorf("a good one: got %q", got)
	}
}

func TestUserAndUnitDependOnTheHost(t *testing.T) {
	plain := Host{User: "ann", StateHome: "/home/ann/.local/state", RuntimeDir: "/run/user/1000"}
	user := problemsOf(t, component+"user = \"www-data\"", plain)
	if want := `line 4: component[0].user: running as "www-data" needs root; start homeostat as root or leave the key out`; !slices.Contains(user, want) {
		t.Errorf("got %q, want %q", user, want)
	}
	if got := problemsOf(t, component+"user = \"ann\"", plain); len(got) > 0 {
		t.Errorf("own user: got %q, want none", got)
	}
	unit := problemsOf(t, "[[component]]\nname = \"web\"\nkind = \"unit\"\nunit = \"nginx.service\"", plain)
	if want := `line 3: component[0].kind: systemd is not process 1 here, so there are no units; use kind command, pidfile or match`; !slices.Contains(unit, want) {
		t.Errorf("got %q, want %q", unit, want)
	}
}

func TestStateAndSocketFollowTheUser(t *testing.T) {
	for _, c := range []struct {
		host          Host
		state, socket string
	}{
		{Host{Root: true}, "/var/lib/homeostat", "/run/homeostat/homeostat.sock"},
		{Host{StateHome: "/s", RuntimeDir: "/r"}, "/s/homeostat", "/r/homeostat/homeostat.sock"},
		{Host{StateHome: "/s"}, "/s/homeostat", "/s/homeostat/homeostat.sock"},
		{Host{}, "/etc/homeostat/state", "/etc/homeostat/state/homeostat.sock"},
	} {
		s, err := Default("/etc/homeostat", c.host)
		if err != nil {
			t.Fatal(err)
		}
		if s.State.Dir != c.state || s.Socket.Path != c.socket {
			t.Errorf("%+v: got %s and %s, want %s and %s", c.host, s.State.Dir, s.Socket.Path, c.state, c.socket)
		}
	}
}

func TestAllProblemsAreToldAtOnceInTheOrderOfTheText(t *testing.T) {
	text := "[healing]\nmode = \"automatic\"\nhold = 5\n[[component]]\nname = \"web\"\nkind = \"unit\"\nuint = \"a.service\"\n[log]\nlevel = \"warn\""
	got := problemsOf(t, text, rootHost())
	want := []string{
		`line 2: healing.mode: "automatic" is not one of manual, supervised, automated, learning; did you mean "automated"?`,
		`line 3: healing.hold: want a duration in quotes such as "5s", got the integer 5`,
		`line 4: component[0].unit: is required for kind "unit"`,
		`line 7: component[0].uint: unknown key; did you mean "unit"?`,
		`line 9: log.level: "warn" is not one of debug, info, warning, error; did you mean "warning"?`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestIrreversibleRungInAutomatedModeIsSaid(t *testing.T) {
	const declared = "[component.declared.purge]\ncommand = [\"purge\"]\n[component.declared.drain]\ncommand = [\"drain\"]\nundo = [\"fill\"]\n"
	cases := map[string]int{
		"[healing]\nmode = \"automated\"\n" + component + declared:                                           1,
		"[healing]\nmode = \"manual\"\n" + component + "mode = \"automated\"\nmode_wins = true\n" + declared: 1,
		"[healing]\nmode = \"automated\"\n" + component + "mode = \"manual\"\n" + declared:                   0,
		component + declared: 0,
	}
	for text, want := range cases {
		settings, err := Parse([]byte(text), "/etc/config.toml", rootHost())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(settings.Warnings); got != want {
			t.Errorf("%d warnings of\n%s\nwant %d: %v", got, text, want, settings.Warnings)
		}
		if want > 0 && !strings.Contains(settings.Warnings[0].String(), "component[0].declared.purge: has no undo, so a person is asked") {
			t.Errorf("the warning says %q", settings.Warnings[0])
		}
	}
}
