# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wasmstone_global_optspecs
    string join \n h/help V/version
end

function __fish_wasmstone_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wasmstone_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wasmstone_using_subcommand
    set -l cmd (__fish_wasmstone_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wasmstone -n "__fish_wasmstone_needs_command" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -s V -l version -d 'Print version'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "new" -d 'Start a project: a program, its build files and its wasmstone.toml'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "build" -d 'Build a signed bundle from a WebAssembly program'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "run" -d 'Run a bundle: verify it, launch its enclave, and answer the enclave\'s calls'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "serve" -d 'Serve HTTP with a bundle whose program answers requests'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "measure" -d 'Print the measurement that Keystone will take'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "inspect" -d 'Show the contents of a bundle, without running it'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "verify" -d 'Check a bundle\'s members, signatures and measurement'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "attest" -d 'Ask an enclave for an attestation report, and verify reports'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "sign" -d 'Add a signature to a bundle'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "seal" -d 'Move the contents of sealed directories to another release'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "key" -d 'Create, trust and show the keys that sign bundles'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "platform" -d 'Manage platforms: the Keystone builds that bundles are made for'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "doctor" -d 'Check what this machine has, and say how to fix what is missing'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "completion" -d 'Print a shell\'s completion script'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand new" -l template -d 'Language and kind of the program' -r -f -a "rust\t'A command in Rust'
rust-http\t'An HTTP service in Rust'
c\t'A command in C'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -s o -l output -d 'Write the bundle to this file [default: the program\'s name with .wsb, in the current directory]' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l entry -d 'Entry point: `command` or `http` [default: command, if the program exports it]' -r -f -a "command\t'Export wasi:cli/run, for "wasmstone run"'
http\t'Export wasi:http/incoming-handler, for "wasmstone serve"'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l instances -d 'Maximum number of HTTP requests that are answered at once, each by its own instance with its own memory [default: 16, if the memory cap has room for them]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l max-memory -d 'Maximum memory of the program, in K, M or G (powers of 1024); an enclave has at most 1024M in total [default: 256M]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l platform -d 'Platform to build for [default: sim]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l engine -d 'Engine that runs the program [default: auto]' -r -f -a "auto\t'Native code if that is safe, otherwise Pulley'
pulley\t'Portable bytecode for the Pulley interpreter'
native\t'Native code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l targets -d 'Targets to build for, separated by commas, instead of the engine\'s own' -r -f -a "pulley64\t''
riscv64\t''
x86_64\t''
aarch64\t''"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l cpu-features -d 'CPU features that native code may use, such as zba,zbb [default: the platform\'s]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l float -d 'How to compute floats [default: hardware if the platform protects floating-point registers; otherwise lowered, or interpreted if lowering is impossible]' -r -f -a "lowered\t'As integer code, on every platform and for every target'
hardware\t'In floating-point registers; if the platform does not protect them, add --insecure-float'
interpreted\t'In the interpreter, which computes with integers; a program with floats gets no native code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l key -d 'Signing key: a name, or a PEM file [default: the key `default`, created at first use]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l name -d 'Program name, which the program sees as its argument zero [default: the program\'s file name]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l config -d 'Project file [default: wasmstone.toml beside the program]' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l insecure-float -d 'Insecure: use floating-point registers although the platform does not protect them'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l json -d 'Print the result as JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -s q -l quiet -d 'Print neither progress nor a summary'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l dir -d 'Grant the directory HOST for reading and writing, under the path GUEST [default: the same as HOST]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l read-only-dir -d 'Grant the directory HOST for reading only' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l env -d 'Set an environment variable; without =VALUE it has the value of your own environment' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l listen -d 'Let the program listen at an address, over TCP and UDP; 0.0.0.0 and [::] stand for every address' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l connect -d 'Let the program look up a host and connect to it, over TCP and UDP' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l fresh -d 'Refuse a sealed directory in any other state than this one; overrides the state that --freshness has for it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other state, and update the file at the end; with - print the states at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l log -d 'Write a line for each access that the host refused to this file; - stands for standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l boot-timeout -d 'On Keystone, give up if the enclave makes no call to the host for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l backend -d 'Backend that runs the bundle [default: keystone if its device exists, otherwise sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates an enclave, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l engine -d 'Engine whose program in the bundle is run [default: native if the bundle has native code for this machine]' -r -f -a "pulley\t'Portable bytecode for the Pulley interpreter'
native\t'Native code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l net -d 'Grant the whole network'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l edge-calls -d 'At the end, print how often the enclave called the host, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l timings -d 'At the end, print how long the phases of the enclave\'s start took, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even if its process cannot be confined, for example under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while the enclave does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l dir -d 'Grant the directory HOST for reading and writing, under the path GUEST [default: the same as HOST]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l read-only-dir -d 'Grant the directory HOST for reading only' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l env -d 'Set an environment variable; without =VALUE it has the value of your own environment' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l listen -d 'Let the program listen at an address, over TCP and UDP; 0.0.0.0 and [::] stand for every address' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l connect -d 'Let the program look up a host and connect to it, over TCP and UDP' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l fresh -d 'Refuse a sealed directory in any other state than this one; overrides the state that --freshness has for it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other state, and update the file at the end; with - print the states at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l log -d 'Write a line for each access that the host refused to this file; - stands for standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l boot-timeout -d 'On Keystone, give up if the enclave makes no call to the host for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l backend -d 'Backend that runs the bundle [default: keystone if its device exists, otherwise sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates an enclave, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l engine -d 'Engine whose program in the bundle is run [default: native if the bundle has native code for this machine]' -r -f -a "pulley\t'Portable bytecode for the Pulley interpreter'
native\t'Native code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l addr -d 'Address to serve at; port 0 stands for any free port' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l grace -d 'After the first Ctrl-C, SIGTERM or SIGHUP, let requests in flight take this long to end' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l net -d 'Grant the whole network'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l edge-calls -d 'At the end, print how often the enclave called the host, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l timings -d 'At the end, print how long the phases of the enclave\'s start took, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even if its process cannot be confined, for example under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while the enclave does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l loader -d 'Keystone\'s loader (loader.bin)' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l runtime -d 'Keystone\'s runtime (eyrie-rt)' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l eapp -d 'Enclave app, as Keystone will load it' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l sm -d 'Raw firmware image that contains the security monitor' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l target -d 'Print only the measurement for this target of the bundle' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l pins -d 'Write the values that "wasmstone attest verify" accepts to this file: the bundle\'s measurements and signers, and the security monitor and the devices of its platform' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l sm-hash -d 'Pin this hash of the security monitor, 128 hexadecimal digits; can be given more than once [default: the platform\'s]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l device-key -d 'Pin this device\'s public key, 64 hexadecimal digits or a PEM file; can be given more than once [default: the platform\'s]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l replace -d 'Replace the pins file if it exists'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand inspect" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand verify" -l key -d 'Trust only this key: a name, or a PEM file; can be given more than once [default: all stored keys]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand verify" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand verify" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -f -a "report" -d 'Launch a bundle\'s enclave and print its attestation report, without running its program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -f -a "verify" -d 'Verify a report'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l nonce -d 'Verifier\'s nonce, 16 to 128 hexadecimal digits' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -s o -l output -d 'Write the report to this file' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l format -d 'Format of the report' -r -f -a "keystone\t'Keystone\'s own report of 1352 bytes'
eat\t'An Entity Attestation Token (RFC 9711), as CBOR'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l boot-timeout -d 'On Keystone, give up if the enclave makes no call to the host for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l backend -d 'Backend that runs the bundle [default: keystone if its device exists, otherwise sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates an enclave, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l engine -d 'Engine whose program in the bundle is run [default: native if the bundle has native code for this machine]' -r -f -a "pulley\t'Portable bytecode for the Pulley interpreter'
native\t'Native code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even if its process cannot be confined, for example under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while the enclave does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l nonce -d 'Nonce that the report was requested with; an old report covers another nonce' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l user-data -d 'Data that a report requested by the program itself must cover, instead of a nonce: up to 64 bytes, as hexadecimal digits or a file. These data must show that the report is fresh' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l pins -d 'Accept what this file pins; "wasmstone measure --pins" writes such files' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l result -d 'Write the result to this file as an Entity Attestation Token (RFC 9711), signed with --key' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l key -d 'Key that signs the result: a name, or a PEM file' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l insecure-allow-test-device -d 'Insecure: accept reports under Keystone\'s public test key, although anybody can make them'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l insecure-allow-simulator -d 'Insecure: accept reports of the simulator, although anybody can make them'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l json -d 'Print JSON, also if the report is refused'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "report" -d 'Launch a bundle\'s enclave and print its attestation report, without running its program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Verify a report'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand sign" -l key -d 'Signing key: a name, or a PEM file [default: the key `default`, created at first use]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand sign" -s o -l output -d 'Write the signed bundle to this file [default: replace the bundle]' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "key" -d 'Create an owner\'s key, before you build the first bundle with sealed directories'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "public" -d 'Print an owner\'s public key, which project files name as seal-owner'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "provision" -d 'Verify an enclave\'s report and wrap a transfer key for that enclave'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "export" -d 'Export a sealed directory from its enclave, encrypted under the transfer key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "import" -d 'Import an exported copy into a sealed directory, which must be empty'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from key" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from public" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from public" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l report -d 'Report of the enclave, from "wasmstone attest report"; - is standard input' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l nonce -d 'Nonce that the report was requested with' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l pins -d 'Accept what this file pins; "wasmstone measure --pins" writes such files' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l owner -d 'Owner\'s key, from "wasmstone seal key": a name, or a PEM file' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l transfer-key -d 'Transfer key, 32 secret bytes; the command creates the file if it does not exist' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -s o -l output -d 'Write the wrapped key to this file; it is not secret' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l insecure-allow-test-device -d 'Insecure: accept reports under Keystone\'s public test key, although anybody can make them'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l insecure-allow-simulator -d 'Insecure: accept reports of the simulator, although anybody can make them'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l dir -d 'Sealed directory, as you grant it to the program' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l transfer-key -d 'Transfer key, wrapped by "wasmstone seal provision" for this bundle\'s enclave' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l fresh -d 'Refuse a sealed directory in any other state than this one; overrides the state that --freshness has for it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other state, and update the file at the end; with - print the states at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l boot-timeout -d 'On Keystone, give up if the enclave makes no call to the host for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l backend -d 'Backend that runs the bundle [default: keystone if its device exists, otherwise sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates an enclave, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l engine -d 'Engine whose program in the bundle is run [default: native if the bundle has native code for this machine]' -r -f -a "pulley\t'Portable bytecode for the Pulley interpreter'
native\t'Native code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l to -d 'Write the copy to this directory, which must be empty; the command creates it if it does not exist' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even if its process cannot be confined, for example under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while the enclave does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l dir -d 'Sealed directory, as you grant it to the program' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l transfer-key -d 'Transfer key, wrapped by "wasmstone seal provision" for this bundle\'s enclave' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l fresh -d 'Refuse a sealed directory in any other state than this one; overrides the state that --freshness has for it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other state, and update the file at the end; with - print the states at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l boot-timeout -d 'On Keystone, give up if the enclave makes no call to the host for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l backend -d 'Backend that runs the bundle [default: keystone if its device exists, otherwise sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates an enclave, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l engine -d 'Engine whose program in the bundle is run [default: native if the bundle has native code for this machine]' -r -f -a "pulley\t'Portable bytecode for the Pulley interpreter'
native\t'Native code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l from -d 'Directory with the copy, from "wasmstone seal export"' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even if its process cannot be confined, for example under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while the enclave does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "key" -d 'Create an owner\'s key, before you build the first bundle with sealed directories'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "public" -d 'Print an owner\'s public key, which project files name as seal-owner'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "provision" -d 'Verify an enclave\'s report and wrap a transfer key for that enclave'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "export" -d 'Export a sealed directory from its enclave, encrypted under the transfer key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "import" -d 'Import an exported copy into a sealed directory, which must be empty'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "new" -d 'Create a signing key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "list" -d 'List your own keys and the trusted keys of others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "trust" -d 'Trust somebody else\'s key from now on'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "show" -d 'Print a public key, to give to others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from trust" -l name -d 'Name to store the key under [default: the file\'s name without .pem]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "new" -d 'Create a signing key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "list" -d 'List your own keys and the trusted keys of others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "trust" -d 'Trust somebody else\'s key from now on'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print a public key, to give to others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "add" -d 'Add a platform from the files of a Keystone build'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "list" -d 'List all platforms'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "show" -d 'Show a platform'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l from -d 'Search this Keystone build directory, such as build-generic64, for loader, runtime and firmware' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l loader -d 'Keystone\'s loader (loader.bin)' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l runtime -d 'Keystone\'s runtime (eyrie-rt)' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l sm -d 'Hash the security monitor in this raw firmware image (fw_jump.bin)' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l sm-hash -d 'Hash of the security monitor, 128 hexadecimal digits' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l device-key -d 'Public key of a device, 64 hexadecimal digits or a PEM file; can be given more than once' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l cpu-features -d 'CPU features of the platform\'s processors beyond rv64gc, such as zba,zbb' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l hash-rate -d 'Bytes that the security monitor hashes in a second, such as 5.9M; "build" uses it to estimate how long a launch takes' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l fp-safe -d 'The platform saves and protects floating-point registers. Stock Keystone does not'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l replace -d 'Replace a platform of the same name'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a platform from the files of a Keystone build'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "list" -d 'List all platforms'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a platform'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand doctor" -l backend -d 'Backend that bundles are to run on: with keystone, a missing device is a failure [default: sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates an enclave, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand doctor" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand completion" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "new" -d 'Start a project: a program, its build files and its wasmstone.toml'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "build" -d 'Build a signed bundle from a WebAssembly program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "run" -d 'Run a bundle: verify it, launch its enclave, and answer the enclave\'s calls'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "serve" -d 'Serve HTTP with a bundle whose program answers requests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "measure" -d 'Print the measurement that Keystone will take'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "inspect" -d 'Show the contents of a bundle, without running it'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "verify" -d 'Check a bundle\'s members, signatures and measurement'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "attest" -d 'Ask an enclave for an attestation report, and verify reports'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "sign" -d 'Add a signature to a bundle'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "seal" -d 'Move the contents of sealed directories to another release'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "key" -d 'Create, trust and show the keys that sign bundles'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "platform" -d 'Manage platforms: the Keystone builds that bundles are made for'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "doctor" -d 'Check what this machine has, and say how to fix what is missing'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "completion" -d 'Print a shell\'s completion script'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from attest" -f -a "report" -d 'Launch a bundle\'s enclave and print its attestation report, without running its program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from attest" -f -a "verify" -d 'Verify a report'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "key" -d 'Create an owner\'s key, before you build the first bundle with sealed directories'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "public" -d 'Print an owner\'s public key, which project files name as seal-owner'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "provision" -d 'Verify an enclave\'s report and wrap a transfer key for that enclave'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "export" -d 'Export a sealed directory from its enclave, encrypted under the transfer key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "import" -d 'Import an exported copy into a sealed directory, which must be empty'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "new" -d 'Create a signing key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "list" -d 'List your own keys and the trusted keys of others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "trust" -d 'Trust somebody else\'s key from now on'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "show" -d 'Print a public key, to give to others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from platform" -f -a "add" -d 'Add a platform from the files of a Keystone build'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from platform" -f -a "list" -d 'List all platforms'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from platform" -f -a "show" -d 'Show a platform'
