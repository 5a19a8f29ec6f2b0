package shell

import (
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// known is a way to call a command that a person might want to know of: the arguments, joined by blanks, match.
type known struct {
	names string // separated by blanks
	args  string // a regular expression
	finding
}

// The known ways. Each is described in the manual of its command.
var knowns = []known{
	// Destroying.
	{"wipefs blkdiscard pvremove vgremove lvremove badblocks", `(^| )(-a|-af|-f|--all|-w|-y|/dev/|--force|-[a-z]*f|\w)`, finding{"shell.destroy", "wipes a device", risk.Critical, true}},
	{"sgdisk gdisk sfdisk parted fdisk", `-Z|--zap|-o\b|--delete|mklabel|mktable|\brm \d|-d \d`, finding{"shell.destroy", "rewrites a partition table", risk.Critical, true}},
	{"cryptsetup", `erase|luksFormat|luksKillSlot|luksErase|reencrypt`, finding{"shell.destroy", "destroys an encrypted device", risk.Critical, true}},
	{"mdadm", `--zero-superblock|--stop`, finding{"shell.destroy", "takes a RAID apart", risk.Critical, true}},
	{"zpool zfs btrfs", `^(destroy|labelclear|rollback -r)|subvolume delete`, finding{"shell.destroy", "destroys a file system", risk.Critical, true}},
	{"hdparm nvme", `--security-erase|--trim-sector|--make-bad|^format|sanitize`, finding{"shell.destroy", "wipes a device", risk.Critical, true}},
	{"dropdb dropuser", `.`, finding{"shell.destroy", "drops a database", risk.High, true}},
	{"redis-cli", `(?i)\b(flushall|flushdb|shutdown|debug segfault|config set dir|slaveof|replicaof|module load)\b`, finding{"shell.destroy", "empties or takes over redis", risk.High, true}},
	{"mongo mongosh", `(?i)dropDatabase|\.drop\(|deleteMany\(\{\}\)|remove\(\{\}\)`, finding{"shell.destroy", "drops data", risk.High, true}},
	{"mysqladmin", `\bdrop\b`, finding{"shell.destroy", "drops a database", risk.High, true}},
	{"terraform tofu pulumi", `^(destroy|apply -destroy)|-destroy|--auto-approve.*destroy`, finding{"shell.destroy", "destroys infrastructure", risk.High, true}},
	{"aws", `s3 (rm .*--recursive|rb .*--force)|terminate-instances|delete-(db|stack|table|bucket|cluster|snapshot|volume|user)|schedule-key-deletion`, finding{"shell.destroy", "destroys what is in the cloud", risk.High, true}},
	{"gcloud az gsutil", `\bdelete\b|rm -r|rm .*-r`, finding{"shell.destroy", "destroys what is in the cloud", risk.High, true}},
	{"kubectl oc", `^delete .*(--all|\b(ns|namespace|pv|pvc|node|crd)s?\b)|drain .*--force`, finding{"shell.destroy", "deletes a part of the cluster", risk.High, true}},
	{"docker podman", `system prune.*(--volumes|-a.*-f.*--volumes)|volume (rm|prune)`, finding{"shell.destroy", "deletes volumes", risk.Medium, true}},
	{"docker podman", `^(rm|kill|stop|rmi) .*` + string(unknown), finding{"shell.stop", "ends all that a list gives", risk.Medium, false}},
	{"git", `push .*(--force\b|-f\b|--mirror|--delete)|clean -[a-z]*f|reset --hard|filter-branch|reflog expire`, finding{"shell.destroy", "drops history or local work", risk.Medium, true}},
	{"etcdctl", `del .*(--prefix|--from-key)`, finding{"shell.destroy", "deletes keys", risk.High, true}},
	{"rsync", `--delete\S* .*(/dev/null|/tmp/empty|/var/empty|/empty)\S* /`, finding{"shell.destroy", "empties a folder", risk.High, true}},
	{"rsync", `--delete\S* .* (/|/etc|/usr|/home|/var)/?$`, finding{"shell.destroy", "deletes in a folder that the system needs", risk.Critical, true}},
	{"tar", `--remove-files .*/(etc|usr|home|var|boot|root|bin|lib)\b`, finding{"shell.destroy", "deletes what it packs", risk.High, true}},
	{"apt apt-get aptitude yum dnf zypper", `(remove|purge|autoremove|erase|rm).*(libc|systemd|sudo|openssh|kernel|linux-image|coreutils|bash|apt\b|dpkg|init|glibc|\*|essential)|--force-yes|--allow-remove-essential|--allow-unauthenticated|--nogpgcheck|--no-gpg-checks`, finding{"shell.system", "removes a package that the system needs, or takes unsigned ones", risk.High, false}},
	{"dpkg rpm", `--force-all|--purge .*(libc|bash|dpkg)|-e .*(glibc|bash|systemd)|--force-remove-essential|--nodeps -e`, finding{"shell.system", "removes a package that the system needs", risk.High, false}},
	// Rights.
	{"chmod", `(^| )([augo]*\+[rwx]*s|[0-7]?[2467][0-7]{3}|u=\S*s|g=\S*s)( |$)`, finding{"shell.rights", "sets the set-user or set-group bit", risk.High, false}},
	{"chmod", `(^| )(-\w*R\w*|--recursive)\b.*(^| )(0?777|a\+rwx|ugo\+rwx|o\+w|a\+w|[+]w|0?666|000|a=rwx|a-rwx|0)( |$)`, finding{"shell.rights", "opens or closes a whole tree for everybody", risk.High, false}},
	{"chmod", `(^| )(0?0?00|0?[67][67][67]|0?[0-7][0-7][2367]|a\+w\S*|o\+w\S*|\+rw\S*|a\+rw\S*|o\+rw\S*|ugo\+\S*w\S*|a=rw\S*|-rwx|a-\S+|-x) .*/(etc|usr|bin|sbin|lib|boot|root|var/log|var/run/docker|run/docker|home/[^/]+/\.ssh|dev)\b`, finding{"shell.rights", "opens or closes what the system needs", risk.High, false}},
	{"chmod", `(^| )(0?777|0?666|a\+rwx|ugo\+rwx|a=rwx|o\+w|a\+w) `, finding{"shell.rights", "lets everybody write", risk.Medium, false}},
	{"chmod", `(^| )(\+x|[0-7]*[157][0-7]*|u\+x|a\+x) (/tmp|/var/tmp|/dev/shm)/\.?`, finding{"shell.rights", "makes a file executable where everybody writes", risk.Medium, false}},
	{"chmod chown chgrp", `(^| )(-\w*R\w*|--recursive)\b.* (/|/\*|/etc|/usr|/bin|/sbin|/lib|/lib64|/var|/boot|/root|/home|/dev|/sys|/proc)(/\*?)?$`, finding{"shell.rights", "changes the owner or mode of all that the system needs", risk.Critical, true}},
	{"chown", ` (/etc|/usr|/bin|/sbin|/lib|/boot|/root)(/[\w./-]*)?$`, finding{"shell.rights", "gives away a file of the system", risk.High, false}},
	{"chattr", `(^| )-\w*[ia]\w*( |$)|\+i .*(/etc|/bin|/usr|/root|\.ssh)`, finding{"shell.rights", "takes or gives a protection of a file", risk.High, false}},
	{"setcap", `cap_(setuid|setgid|sys_admin|dac_\w+|sys_ptrace|sys_module|chown|fowner|net_raw|net_admin|all|sys_rawio|setfcap)|=ep?$|=eip`, finding{"shell.rights", "gives a program rights of root", risk.High, false}},
	{"setfacl", `(/etc|/root|/usr|/bin|/boot|/var/log|docker\.sock)`, finding{"shell.rights", "opens a file of the system", risk.High, false}},
	{"useradd adduser usermod", `(^| )(-o\b|--non-unique|(-u|--uid)[= ]?0\b|-ou ?0|-u 0)|(-\w*G|--groups|-g|--gid|--ingroup)[= ]*\S*\b(sudo|wheel|root|admin|adm|shadow|disk|0)\b|(^| )\S+ (sudo|wheel|root|admin|shadow|disk)$|--uid 0`, finding{"shell.rights", "makes a user that may do all", risk.High, false}},
	{"useradd", `-p ?['$\w]|--password`, finding{"shell.rights", "makes a user with a given password", risk.High, false}},
	{"gpasswd groupmems", `(sudo|wheel|root|admin|shadow|disk|docker)\b`, finding{"shell.rights", "makes a user that may do all", risk.High, false}},
	{"passwd", `(^| )(-d|-u|--delete|--stdin|--unlock)\b|^root$`, finding{"shell.rights", "takes or sets a password", risk.High, false}},
	{"chpasswd newusers", ``, finding{"shell.rights", "sets passwords", risk.High, false}},
	{"userdel deluser", `\b(root|daemon|sshd)\b`, finding{"shell.rights", "deletes a user that the system needs", risk.High, false}},
	{"chsh", `root`, finding{"shell.rights", "changes the shell of root", risk.High, false}},
	{"visudo", `^[^-]|-f /etc|EDITOR`, finding{"shell.rights", "edits who may do all", risk.Medium, false}},
	// Staying.
	{"crontab", `(^| )-r`, finding{"shell.destroy", "deletes all cron jobs", risk.High, true}},
	{"insmod kexec ldconfig", `\.ko\b|^-[lep]|/tmp|-f |\bvmlinuz|-C `, finding{"shell.system", "loads into the kernel or the loader", risk.High, false}},
	{"modprobe rmmod", `/tmp|-r (nf|ip|x_tables|kvm|apparmor)|--force|-f\b|-d |^(nf_|ip_tables)`, finding{"shell.system", "takes a module out of the kernel, or puts a strange one in", risk.High, false}},
	{"sysctl", `kernel\.(core_pattern|randomize_va_space|yama|kptr_restrict|dmesg_restrict|modprobe|sysrq|unprivileged_bpf|modules_disabled|perf_event_paranoid)|fs\.(suid_dumpable|protected_)|vm\.mmap_min|kernel\.panic|net\.ipv4\.conf\.all\.(rp_filter=0|accept_redirects=1|accept_source_route=1)|tcp_syncookies=0`, finding{"shell.system", "changes how the kernel guards itself", risk.High, false}},
	{"mount", `remount,\S*(rw|exec|suid|dev)\S* /( |$)|-o \S*\bbind\S* .*/(etc|bin|usr|root|proc|sbin)|--bind .* /(etc|bin|usr|sbin|proc)|/dev/sd\w+ /host|-t tmpfs \S+ /(etc|usr|bin|var|home|proc)|-o remount,rw /(boot|usr|sys)|hidepid=0|-o bind /dev/shm|-t overlay .* /`, finding{"shell.system", "mounts over what the system needs", risk.High, false}},
	{"umount", `(^| )-\w*[alf]|^/(boot|home|var|usr|sys|proc|dev|srv)?$`, finding{"shell.stop", "takes file systems away", risk.High, false}},
	{"swapoff", `-a`, finding{"shell.stop", "takes all swap away", risk.Medium, false}},
	{"update-alternatives", `/tmp|/dev/shm`, finding{"shell.stay", "puts a program of another in place", risk.High, false}},
	{"systemctl service rc-service", `(stop|disable|mask|kill)\b.*\b(auditd|firewalld|ufw|apparmor|fail2ban|rsyslog|syslog\S*|sshd?|crond?|systemd-journald|systemd-logind|systemd-networkd|systemd-resolved|selinux|clamav\S*|ossec\S*|falcon\S*|wazuh\S*|iptables|nftables|dbus|network|networking|NetworkManager|snort|suricata|osqueryd?|crowdstrike|falco|aide)(\.service|\.socket)?\b|\b(auditd|firewalld|apparmor|rsyslog|fail2ban|ufw|iptables|ssh|sshd) stop`, finding{"shell.hide", "stops what guards or records", risk.High, false}},
	{"systemctl", `\b(poweroff|halt|emergency|rescue|kexec|isolate|set-environment|switch-root)\b|(mask|disable) .*(multi-user|graphical|getty)|(enable|start|link|edit) .*(/tmp|/dev/shm|/var/tmp)`, finding{"shell.stop", "ends the system, or starts what lies in a scratch folder", risk.High, false}},
	{"systemctl", `\b(reboot|mask)\b`, finding{"shell.stop", "restarts the host or masks a unit", risk.Medium, false}},
	// Hiding.
	{"iptables ip6tables", `(^| )(-F|--flush|-X|-Z|-P (INPUT|FORWARD|OUTPUT) (ACCEPT|DROP))|-[AI] (INPUT|FORWARD|OUTPUT) (1 )?-j ACCEPT$|-D INPUT .*DROP`, finding{"shell.hide", "opens or closes the firewall as a whole", risk.High, false}},
	{"nft", `flush ruleset|delete table`, finding{"shell.hide", "opens the firewall as a whole", risk.High, false}},
	{"ufw", `\b(disable|reset|--force reset|default allow)\b`, finding{"shell.hide", "opens the firewall as a whole", risk.High, false}},
	{"firewall-cmd", `--panic-on|--set-default-zone=trusted|--add-source=0\.0\.0\.0`, finding{"shell.hide", "opens or closes the firewall as a whole", risk.High, false}},
	{"setenforce aa-teardown aa-disable aa-complain", `^(0|(?i:permissive))?$|/`, finding{"shell.hide", "ends mandatory access control", risk.High, false}},
	{"auditctl", `-e ?0|-D|-d `, finding{"shell.hide", "ends the audit", risk.High, false}},
	{"journalctl", `--vacuum-(time|size|files)[= ](\d{1,2}(s|m|min|h|K|B)?|1M|0)( |$)|--rotate.*--vacuum`, finding{"shell.hide", "deletes records of what happened", risk.High, true}},
	{"history", `-c|-w|-d`, finding{"shell.hide", "deletes records of what was typed", risk.High, false}},
	{"unset", `\b(HISTFILE|HISTSIZE|HISTFILESIZE|PROMPT_COMMAND|TMOUT)\b`, finding{"shell.hide", "keeps what is typed from being recorded", risk.High, false}},
	{"set", `\+o history`, finding{"shell.hide", "keeps what is typed from being recorded", risk.High, false}},
	{"shopt", `-ou history`, finding{"shell.hide", "keeps what is typed from being recorded", risk.High, false}},
	{"dmesg", `-[cC]\b|--clear`, finding{"shell.hide", "deletes records of the kernel", risk.Medium, false}},
	{"touch", `(^| )(-r|--reference)|-\w*t \d+ /(bin|usr|etc|sbin|lib)|-d .* /(bin|usr|etc|sbin|lib)`, finding{"shell.hide", "gives a file another's times", risk.Medium, false}},
	{"kill", `-(9|KILL|SIGKILL|s KILL|TERM|15)? ?(-- )?-?1$|(^| )-1$|^1$`, finding{"shell.stop", "ends every process", risk.Critical, false}},
	{"killall5", ``, finding{"shell.stop", "ends every process", risk.Critical, false}},
	{"pkill killall", `\b(auditd|sshd|systemd|init|rsyslogd|falco|ossec|clamd|syslog\S*|firewalld|crond?)\b|(^| )(-9 )?(\.|\.\*|-u root|-U 0)( |$)`, finding{"shell.stop", "ends what the system needs", risk.High, false}},
	{"shutdown poweroff halt telinit init", `^(-[hHPp]\S*|now|0|\+|\d)|^$|-h|-P|-p|-f|^[016]$`, finding{"shell.stop", "ends the system", risk.High, false}},
	{"shutdown reboot", `-f|^-r|--force`, finding{"shell.stop", "restarts the host", risk.Medium, false}},
	{"reboot", ``, finding{"shell.stop", "restarts the host", risk.Medium, false}},
	{"ip", `link set \S+ down|route (flush|del default)|addr flush|link delete|(route|rule) flush`, finding{"shell.stop", "cuts the network", risk.High, false}},
	{"ifconfig route nmcli ifdown", `\bdown\b|(del|flush)\b.*default|networking off|radio all off|\b(eth|ens|enp|wlan)\w*$|-f`, finding{"shell.stop", "cuts the network", risk.High, false}},
	{"date timedatectl hwclock", `(^| )(-s|--set|set-time|--set=\S+|--systz)`, finding{"shell.system", "sets the clock", risk.Medium, false}},
	{"chvt loadkeys rfkill", `.`, finding{"shell.system", "changes the console", risk.Low, false}},
	// Escaping.
	{"docker podman", `(run|create|exec) .*(--privileged|(-v|--volume)[= ]?['"]?/:|(-v|--volume)[= ]?/(etc|root|proc|sys|dev|boot|home)(/|:)|--pid[= ]host|--cap-add[= ]?(ALL|SYS_ADMIN|SYS_PTRACE|SYS_MODULE)|docker\.sock|--device[= ]?/dev/(sd|mem|kmsg)|--mount .*(source|src)=/,|seccomp[=:]unconfined|--ipc[= ]host|--userns[= ]host|apparmor[=:]unconfined)`, finding{"shell.escape", "a container that can take the host", risk.High, false}},
	{"docker", `(^| )-H[ =]?tcp://0\.0\.0\.0`, finding{"shell.escape", "docker for the whole network", risk.High, false}},
	{"kubectl oc", `run .*(privileged|hostPID|hostNetwork)|create clusterrolebinding .*cluster-admin|port-forward .*--address[= ]0\.0\.0\.0|proxy .*--address[= ]?0|auth can-i --list|get secrets? .*(-A|--all)`, finding{"shell.escape", "takes rights in the cluster", risk.High, true}},
	{"tar", `--checkpoint-action|--to-command|--use-compress-program|-I ?\S*(sh|bash)\b|--rsh-command|--info-script|-F `, finding{"shell.escape", "tar starts a command", risk.High, false}},
	{"zip", `-\w*TT|--unzip-command`, finding{"shell.escape", "zip starts a command", risk.High, false}},
	{"git", `-c ?(core\.(pager|sshCommand|fsmonitor|hooksPath|editor|gitProxy)|alias\.\w+=!|protocol\.ext|credential\.helper=!|diff\.external)|ext::|-p help|--upload-pack|config .*(core\.(hooksPath|sshCommand|fsmonitor|pager)|alias\.\S+ !|credential\.helper (store|!)|http\.sslVerify false)`, finding{"shell.escape", "git starts a command, or stops checking", risk.High, false}},
	{"man less more journalctl", `(^| )(-P|--pager|-H)[ =]?\S*(sh|bash|cmd)\b|-P`, finding{"shell.escape", "a pager that starts a command", risk.High, false}},
	{"vi vim nvim view ex rvim vimdiff emacs ed nano", `!|:py|:lua|os\.|--eval|-s /bin|py3?:|shell|term\b|setuid|system\(`, finding{"shell.escape", "an editor that starts a command", risk.High, false}},
	{"gdb lldb", `!|shell|python|call \(|system\(|platform shell`, finding{"shell.escape", "a debugger that starts a command", risk.High, false}},
	{"rsync scp sftp", `(^| )(-e|-S|--rsh|--rsync-path)[ =]?['"]?[^ ]*\b(sh|bash)\b|ProxyCommand|-D |-S /`, finding{"shell.escape", "a copy that starts a command", risk.High, false}},
	{"split sort", `--filter|--compress-program`, finding{"shell.escape", "starts a command", risk.High, false}},
	{"sed gsed", `(^| )['"]?(\d+|\$|/[^/]*/)?e( |$)|(^| )(\d+|n)?e[ ]?(exec|/bin|sh|bash|id|whoami)|s/[^/]*/[^/]*/\w*e\w*( |$)|^1e|(^| )-n '?1?e`, finding{"shell.escape", "sed starts a command", risk.High, false}},
	{"nmap", `--interactive|--script[= ]?(/tmp|\S*` + string(unknown) + `)|--script=?\S*(exploit|brute|vuln|dos)|-oG .*/etc|--script`, finding{"shell.escape", "nmap runs a program of its own", risk.High, false}},
	{"tcpdump", `-z `, finding{"shell.escape", "tcpdump starts a command", risk.High, false}},
	{"expect", `spawn|system`, finding{"shell.escape", "expect starts a command", risk.High, false}},
	{"make gmake", `--eval|SHELL=|-f ?-|-s --eval`, finding{"shell.escape", "make starts a command given on the line", risk.High, false}},
	{"start-stop-daemon", `(-x|--exec|-a|--startas) ?\S*/(sh|bash|dash)\b|-n \S+ -S -x`, finding{"shell.escape", "starts a shell", risk.High, false}},
	{"run-parts run-mailcap aria2c pip pip3 npm gem cpan dnf apt apt-get yum", `--new-session|--regex .*/bin|--on-download-\w+|APT::\S*Invoke|Dpkg::\S*Invoke|Pre-Invoke|--index-url http:|--extra-index-url http:|--trusted-host|install (git\+)?http:|--registry[= ]http:|-o=APT|--cmd`, finding{"shell.escape", "starts a command, or takes packages that nobody signed", risk.High, false}},
	{"npm yarn pnpm", `config set (strict-ssl false|registry http:)|config set script-shell`, finding{"shell.fetch", "takes packages without checking whose", risk.High, false}},
	{"pip pip3 gem", `install .*(https?://|git\+)`, finding{"shell.fetch", "installs a package from an address", risk.Medium, false}},
	{"ssh", `ProxyCommand|PermitLocalCommand|LocalCommand|(^| )-\w*R ?(\S+:)?\d+|-o ?StrictHostKeyChecking[= ]no.* -R|-\w*D ?0\.0\.0\.0|-o ?KnownHostsCommand`, finding{"shell.network", "ssh that starts a command, or a way in from outside", risk.High, false}},
	{"socat", `(?i)exec:|system:|pty|shell`, finding{"shell.network", "a shell for the network", risk.Critical, true}},
	{"nc ncat netcat nc.traditional nc.openbsd", `(^| )(-\w*[ec]|--exec|--sh-exec|--lua-exec)( |$|=)|/bin/(sh|bash)|cmd\.exe`, finding{"shell.network", "a shell for the network", risk.Critical, true}},
	{"nc ncat netcat nc.traditional nc.openbsd", `(^| )-\w*l`, finding{"shell.network", "listens on the network", risk.Medium, false}},
	{"ngrok cloudflared chisel frpc localtunnel bore pwncat msfconsole msfvenom hydra sqlmap john hashcat mimikatz xmrig minerd cpuminer linpeas.sh pspy64 gsocket gs-netcat", ``, finding{"shell.network", "a tool of attackers or of tunnels", risk.High, true}},
	{"telnet", `\d+ .*\||0<`, finding{"shell.network", "telnet in a pipe", risk.High, true}},
	{"tcpdump tshark", `-w \S+`, finding{"shell.secret", "records what goes over the network", risk.Medium, false}},
	{"unshadow getent", `\bshadow\b`, finding{"shell.secret", "reads password hashes", risk.High, false}},
	{"gcore", `.`, finding{"shell.secret", "reads the memory of a process", risk.High, false}},
	{"mkfifo mknod", `/tmp/|backpipe|/dev/shm/| [bc] \d+ \d+`, finding{"shell.network", "a pipe where everybody can write, or a device", risk.Medium, false}},
	{"alias", `^(sudo|ls|cd|su|ssh|cat|rm|ps)=.*(;|\||/tmp|curl|wget|nc |rm -|tee)`, finding{"shell.stay", "puts something else behind a known name", risk.High, false}},
	{"enable", `-f`, finding{"shell.load", "loads code into the shell", risk.High, false}},
	{"hash", `-p .*(/tmp|/dev/shm)`, finding{"shell.stay", "puts something else behind a known name", risk.High, false}},
	{"trap", `\b(DEBUG)\b`, finding{"shell.stay", "runs something with each command", risk.Medium, false}},
	{"yes", ``, finding{"shell.exhaust", "prints for ever", risk.Low, false}},
	{"fallocate truncate", `-\w*[ls] ?\d+[TPE]`, finding{"shell.exhaust", "fills the disk", risk.High, false}},
	{"stress stress-ng", `.`, finding{"shell.exhaust", "takes all there is of the host", risk.High, false}},
	{"openssl", `enc .*-e? .*-in /|req -engine|engine .*\.so`, finding{"shell.destroy", "encrypts in place, or loads code", risk.Medium, false}},
	{"gpg", `-c .*--batch.*--passphrase|--symmetric.*--passphrase`, finding{"shell.destroy", "encrypts with a password on the line", risk.Medium, false}},
	{"openssl", `s_client .*-quiet.*-connect|-connect .*-quiet`, finding{"shell.network", "a line to the network", risk.Medium, true}},
	{"bpftrace bpftool perf", `system\(|--unsafe|prog load`, finding{"shell.escape", "runs code in the kernel", risk.High, false}},
	{"ssh-keygen", `-D \S+\.so|-D \./`, finding{"shell.load", "loads code", risk.High, false}},
	{"ssh-copy-id", `.`, finding{"shell.stay", "puts a key where it lets somebody in", risk.Low, false}},
	{"export", `\b(HISTFILE|HISTSIZE)=?(/dev/null|0)?$`, finding{"shell.hide", "keeps what is typed from being recorded", risk.High, false}},
	{"virsh", `\b(destroy|undefine)\b`, finding{"shell.destroy", "ends a virtual machine", risk.High, true}},
	{"crontab", `^-$|^/(tmp|dev/shm|var/tmp)/`, finding{"shell.stay", "replaces all cron jobs", risk.Medium, false}},
	{"ln", `(^| )-\w*s\w* .*(/etc/(shadow|passwd|sudoers)|/root/\.ssh|/dev/null .*(history|\.log)|/ /)|/dev/null .*(history|\.log)`, finding{"shell.hide", "a link to or in place of what matters", risk.High, false}},
	{"screen tmux", `-X exec|-d -m .*\b(bash -i|nc |socat)`, finding{"shell.stay", "a shell that stays", risk.High, false}},
}

// compiled is knowns by the name of the command.
var compiled = compile()

type way struct {
	args *pattern.Pattern
	finding
}

func compile() map[string][]way {
	out := map[string][]way{}
	for _, k := range knowns {
		re := pattern.New(k.args)
		for _, name := range strings.Fields(k.names) {
			out[name] = append(out[name], way{re, k.finding})
		}
	}
	return out
}

// everyCall looks for the known ways, and at arguments for what no command should be given.
func (j *judge) everyCall(c call) {
	joined := strings.Join(c.args, " ")
	worst := finding{}
	for _, w := range compiled[c.name] {
		if w.level > worst.level && w.args.MatchString(joined) {
			worst = w.finding
		}
	}
	if worst.level > risk.None {
		worst.text += ": " + c.joined()
		j.add(c.line, worst)
	}
	for _, a := range c.args {
		if network.MatchString(a) {
			j.add(c.line, finding{"shell.network", "speaks to the network through the shell: " + c.joined(), risk.Critical, true})
		}
	}
}
