#!/bin/sh
# `extvm config check` and `show`, and --config: what they print and how they exit. $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
unset EXTVM_CONFIG EXTVM_VM_TYPE EXTVM_HOST EXTVM_PORT
count=0
failed=0

# verdict SENTENCE: passes when the last command was true.
verdict() {
    if [ "$?" -eq 0 ]; then outcome=ok; else outcome='not ok' failed=$((failed + 1)); fi
    count=$((count + 1))
    echo "$outcome $count - $1"
    [ "$outcome" = ok ] || sed 's/^/# /' "$folder/out" "$folder/err"
}

# extvm ARGUMENT...: leaves $status, $folder/out and $folder/err.
extvm() {
    "$EXTVM" "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

says() { grep -q -e "$1" "$folder/err"; }
prints() { grep -q -e "$1" "$folder/out"; }
one_line() { [ "$(wc -l <"$folder/err")" -eq 1 ]; }

file=$folder/base.conf
cat >"$file" <<'CONF'
vm {
  # internal | kevm | iele | test-mode
  vm-type = "internal"
  kevm = { host = "0.0.0.0", port = 8888, proto-api-version = "2.2" }
  iele = { host = "0.0.0.0", port = 8888, proto-api-version = "3.0" }
  test-mode = { host = "0.0.0.0", port = 8888 }
}
CONF

# -- check --

extvm config check "$file"
[ "$status" -eq 0 ] && prints 'base.conf: it is right' && [ ! -s "$folder/err" ]
verdict "the operators' own text is right"
extvm config check conf/base.conf
[ "$status" -eq 0 ]
verdict 'the shipped base.conf is right'
extvm config check --json "$file"
[ "$status" -eq 0 ] && [ "$(cat "$folder/out")" = '{"valid":true}' ]
verdict 'check prints one JSON document'

sed 's/port = 8888, proto-api-version = "3.0"/prot = 8888, proto-api-version = "3.0"/' "$file" >"$folder/typo.conf"
extvm config check "$folder/typo.conf"
[ "$status" -eq 2 ] && one_line && says '^extvm: .*typo.conf:5: vm.iele.prot = 8888: .*did you mean port?' && [ ! -s "$folder/out" ]
verdict "a stranger's base.conf with a typo gets a message with line number and the right key: exit 2"
extvm config check --json "$folder/typo.conf"
[ "$status" -eq 2 ] && prints '^{"error":{"status":"invalid-argument","message":".*did you mean port' && [ "$(wc -l <"$folder/out")" -eq 1 ]
verdict 'with --json the message is in a JSON document too'
sed 's/"internal"/"kevn"/' "$file" >"$folder/type.conf"
extvm run --config "$folder/type.conf" --code 00
[ "$status" -eq 2 ] && one_line && says 'type.conf:3: vm.vm-type = "kevn": .*did you mean kevm?'
verdict 'a command with such a file says the same'
EXTVM_VM_TYPE=nonsense extvm config check "$file"
[ "$status" -eq 0 ]
verdict 'check looks at the file alone'
extvm config check "$folder/none.conf"
[ "$status" -eq 2 ] && one_line && says 'none.conf: cannot read it: No such file'
verdict 'a file that is not there: exit 2'
extvm config check
[ "$status" -eq 2 ] && says 'needs a FILE'
verdict 'check without a file: exit 2'
extvm config shwo "$file"
[ "$status" -eq 2 ] && says 'did you mean show?'
verdict 'a verb that there is none of: exit 2'
extvm config
[ "$status" -eq 2 ] && says 'check or show'
verdict 'no verb: exit 2'
extvm config show "$file" "$file"
[ "$status" -eq 2 ] && says 'one FILE'
verdict 'two files: exit 2'
printf 'vm {\n@include "other.conf"\n}\n' >"$folder/includes.conf"
printf 'vm-type = "iele"\n' >"$folder/other.conf"
extvm config check "$folder/includes.conf"
[ "$status" -eq 2 ] && says 'includes.conf:2: @' && extvm config show --include "$folder/includes.conf" && [ "$status" -eq 0 ] && prints 'iele://127.0.0.1:8888'
verdict 'a file is included only when that is asked for'

# -- show --

extvm config show "$file"
[ "$status" -eq 0 ] && prints '^vm-type  *internal$' && prints '^address  *internal$' && prints '^call-timeout  *10m$' && prints '^log-level  *warning$'
verdict 'show prints the VM and the defaults'
cat >"$folder/kevm.conf" <<'CONF'
vm { vm-type = "kevm", call-timeout = "90s", log-level = "info"
     kevm { host = "::", port = 7777, call-timeout = "1.5s", max-frame = 4096 } }
CONF
extvm config show --json "$folder/kevm.conf"
[ "$status" -eq 0 ] && prints '"vmType":"kevm","address":"kevm://\[::1\]:7777","logLevel":"info"' && prints '"call-timeout":"1500ms"' &&
    prints '"max-frame":"4KiB"' && prints '"tcp-keepalive":"30s"'
verdict 'show --json prints what the file means'
EXTVM_VM_TYPE=kevm EXTVM_HOST=vm.example EXTVM_PORT=9 extvm config show "$file"
[ "$status" -eq 0 ] && prints '^address  *kevm://vm.example:9$'
verdict 'the environment is over the file'
EXTVM_PORT=65536 extvm config show "$file"
[ "$status" -eq 2 ] && one_line && says 'EXTVM_PORT = "65536".*1 to 65535'
verdict 'a variable that is wrong is named: exit 2'
EXTVM_CONFIG=$folder/kevm.conf extvm config show
[ "$status" -eq 0 ] && prints ':7777$'
verdict 'EXTVM_CONFIG names the file where none is given'
extvm config show
[ "$status" -eq 2 ] && says 'EXTVM_CONFIG'
verdict 'no file at all: exit 2'
extvm config --help
[ "$status" -eq 0 ] && prints 'EXTVM_VM_TYPE' && cp "$folder/out" "$folder/help" && extvm help config && cmp -s "$folder/out" "$folder/help"
verdict 'help is printed'

# -- --config --

extvm run --config "$file" --code 602a60005260206000f3 --json
[ "$status" -eq 0 ] && prints '"outcome":"success"' && prints '2a"'
verdict 'a command runs on the VM that the file names'
cat >"$folder/refused.conf" <<'CONF'
vm { vm-type = "kevm", connect-retries = 1, retry-delay = "10ms", log-level = "info", kevm { port = 1 } }
CONF
extvm run --config "$folder/refused.conf" --code 00
[ "$status" -eq 3 ] && says '127.0.0.1:1' && says 'Connection refused' && [ "$(wc -l <"$folder/err")" -gt 1 ]
verdict 'a VM of the file that is not there: exit 3, and log lines of its log level'
cat >"$folder/slow.conf" <<'CONF'
vm { vm-type = "kevm", connect-retries = 1000, retry-delay = "1h", kevm { port = 1 } }
CONF
extvm run --config "$folder/slow.conf" --option connect-retries=0 --code 00
[ "$status" -eq 3 ]
verdict 'an option of the command line goes before the file'
EXTVM_CONFIG=$folder/refused.conf extvm run --code 00
[ "$status" -eq 3 ]
verdict 'EXTVM_CONFIG names the VM when neither --vm nor --config does'
EXTVM_CONFIG=$folder/refused.conf extvm run --vm internal --code 00
[ "$status" -eq 0 ]
verdict '--vm goes before EXTVM_CONFIG'
echo 'vm { vm-type = "internal", protocol = "iele" }' >"$folder/iele.conf"
extvm run --config "$folder/iele.conf" --to a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3 --function inc --arg -1 \
    --code 0000001b6302690003696e63670000000068000100016101010112f6000102
[ "$status" -eq 0 ] && prints '^returned  *1 integer: 0$'
verdict 'the IELE VM of the library is the one of protocol = "iele"'
echo 'vm { vm-type = "test-mode", test-mode { protocol = "iele", port = 8889 } }' >"$folder/iele.conf"
extvm config show "$folder/iele.conf"
[ "$status" -eq 0 ] && prints '^protocol  *iele$' && prints '^address  *test-mode-iele://127.0.0.1:8889$'
verdict 'show prints the protocol of a server of the library'
extvm run --vm internal --config "$file" --code 00
[ "$status" -eq 2 ] && one_line && says '--config.*--vm'
verdict '--vm and --config together: exit 2'

# -- a VM that the file starts --

cat >"$folder/started.conf" <<CONF
vm { vm-type = "kevm", kevm { endpoints = ("unix:$folder/vm socket")
     command = "$EXTVM serve --listen unix:{path}" } }
CONF
extvm config show "$folder/started.conf"
[ "$status" -eq 0 ] && prints '^command  *.* serve --listen unix:{path}$' && prints '^start-timeout  *30s$'
verdict 'show prints the command that starts the VM'
extvm run --config "$folder/started.conf" --code 602a60005260206000f3 -v
[ "$status" -eq 0 ] && prints '2a (32 bytes)$' && says 'VM process [0-9]* started' && says 'the VM says: listening on'
verdict 'a command runs on a VM that is started for it'
extvm run --config "$folder/started.conf" --code 602a60005260206000f3 --json
[ "$status" -eq 0 ] && prints '2a"' && [ ! -s "$folder/err" ]
verdict 'and ended with it, so that the next one can start'
cat >"$folder/started.conf" <<'CONF'
vm { vm-type = "iele", iele { command = "no-such-vm {port} {host}" } }
CONF
extvm run --config "$folder/started.conf" --code 00
[ "$status" -eq 2 ] && one_line && says 'no-such-vm.*PATH.*EXTVM_IELE'
verdict 'a program that is not there: exit 2, with where it was looked for'

echo "1..$count"
[ "$failed" -eq 0 ]
