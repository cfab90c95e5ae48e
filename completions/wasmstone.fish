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
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "new" -d 'Start a project: a program, its build, its wasmstone.toml'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "build" -d 'Build a signed bundle from a WebAssembly program'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "run" -d 'Run a bundle: verify it, then launch its enclave and serve it'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "serve" -d 'Serve HTTP by a bundle whose program answers requests'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "measure" -d 'Print what Keystone will measure'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "inspect" -d 'Show what is in a bundle, without running anything'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "verify" -d 'Check a bundle: its members, its signatures, its measurement'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "attest" -d 'Ask an enclave for a report of what runs in it, and verify such reports'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "sign" -d 'Add a signature to a bundle'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "seal" -d 'Move what is in sealed directories to another release'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "key" -d 'Make, trust and show the keys that sign bundles'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "platform" -d 'Manage platforms: the Keystone builds that bundles are made for'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "doctor" -d 'Check what this machine has, and say how to mend what is missing'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "completion" -d 'Print a shell\'s completion script'
complete -c wasmstone -n "__fish_wasmstone_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand new" -l template -d 'What it is written in, and for' -r -f -a "rust\t'A command in Rust'
rust-http\t'An HTTP service in Rust'
c\t'A command in C'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -s o -l output -d 'The bundle to write [default: the program\'s name with .wsb, in the current directory]' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l entry -d 'What of the program is called [default: command, where it is one]' -r -f -a "command\t'wasi:cli/run, for "wasmstone run"'
http\t'wasi:http/incoming-handler, for "wasmstone serve"'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l instances -d 'How many HTTP requests are answered at once, each by an instance of its own with its own memory [default: 16, where the memory cap has room for them]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l max-memory -d 'The most memory that the program may have, in K, M or G (powers of 1024); an enclave has 1024M in all [default: 256M]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l platform -d 'The platform to build for [default: sim]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l engine -d 'How the program is run: as machine code, interpreted, or as machine code where that is safe, which is the default' -r -f -a "auto\t'Machine code where it is safe, else Pulley'
pulley\t'Portable bytecode, interpreted'
native\t'Machine code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l targets -d 'The targets to build for, instead of an engine\'s own, separated by commas' -r -f -a "pulley64\t''
riscv64\t''
x86_64\t''
aarch64\t''"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l cpu-features -d 'CPU features that machine code may use, such as zba,zbb [default: those of the platform]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l float -d 'How floats are computed [default: hardware on a platform that protects floating-point registers, else lowered, and interpreted where that is impossible]' -r -f -a "lowered\t'By integer code in their place, on every platform and in every target\'s program'
hardware\t'In floating-point registers; where the platform does not protect them, only with --insecure-float'
interpreted\t'By the interpreter, which computes with integers: no machine code for a program with floats'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l key -d 'The signing key: a name, or a PEM file [default: default, made at first use]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l name -d 'The program\'s name, its argument zero [default: the file name of the program]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l config -d 'The project file [default: wasmstone.toml beside the program]' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l insecure-float -d 'Insecure: compute with floating-point registers although the platform does not protect them'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -l json -d 'Print the result as JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -s q -l quiet -d 'Print no progress and no summary'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand build" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l dir -d 'Grant a directory for reading and writing, as GUEST [default: as HOST is written]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l read-only-dir -d 'Grant a directory for reading only' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l env -d 'Set an environment variable; without =VALUE, to its own value here' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l listen -d 'Let the program listen at an address, over TCP and UDP; 0.0.0.0 and [::] stand for every address' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l connect -d 'Let the program look up a host and connect to it, over TCP and UDP' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l fresh -d 'Refuse a sealed directory in any other state than this one; wins over what --freshness says of it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other than it says, and renew it at the end; with - print them at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l log -d 'For each access that the host refused, write a line to this file, or with - to standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l boot-timeout -d 'On Keystone, give up where nothing is heard of the enclave for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l backend -d 'What runs the bundle [default: keystone where there is its device, else sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates one, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l engine -d 'Which of the bundle\'s programs is run [default: machine code where there is some for this machine]' -r -f -a "pulley\t'Portable bytecode, interpreted'
native\t'Machine code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l net -d 'Grant the whole network'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l edge-calls -d 'At the end, print how often the enclave called the host, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l timings -d 'At the end, print how long the phases of its start took, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even where its process cannot be confined, such as under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while it does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l dir -d 'Grant a directory for reading and writing, as GUEST [default: as HOST is written]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l read-only-dir -d 'Grant a directory for reading only' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l env -d 'Set an environment variable; without =VALUE, to its own value here' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l listen -d 'Let the program listen at an address, over TCP and UDP; 0.0.0.0 and [::] stand for every address' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l connect -d 'Let the program look up a host and connect to it, over TCP and UDP' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l fresh -d 'Refuse a sealed directory in any other state than this one; wins over what --freshness says of it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other than it says, and renew it at the end; with - print them at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l log -d 'For each access that the host refused, write a line to this file, or with - to standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l boot-timeout -d 'On Keystone, give up where nothing is heard of the enclave for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l backend -d 'What runs the bundle [default: keystone where there is its device, else sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates one, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l engine -d 'Which of the bundle\'s programs is run [default: machine code where there is some for this machine]' -r -f -a "pulley\t'Portable bytecode, interpreted'
native\t'Machine code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l addr -d 'Where to serve; port 0 stands for any that is free' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l grace -d 'At a first Ctrl-C, SIGTERM or SIGHUP, how long requests that have begun may take to end' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l net -d 'Grant the whole network'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l edge-calls -d 'At the end, print how often the enclave called the host, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l timings -d 'At the end, print how long the phases of its start took, as JSON on standard error'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even where its process cannot be confined, such as under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while it does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l loader -d 'Keystone\'s loader' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l runtime -d 'The runtime' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l eapp -d 'The enclave app, as it will be loaded' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l sm -d 'The raw firmware image that holds the security monitor' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l target -d 'Of a bundle for several targets, print the measurement for this one alone' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l pins -d 'Of a bundle, write what "wasmstone attest verify" is to accept: its measurements and signers, and the security monitor and the devices of its platform' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l sm-hash -d 'The hash of the security monitor to pin, 128 digits; can be given more than once [default: the platform\'s]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l device-key -d 'A device to pin, by its public key, 64 digits or a PEM file; can be given more than once [default: the platform\'s]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l replace -d 'Replace a file of pins that is there'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand measure" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand inspect" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand verify" -l key -d 'Trust only this key: a name, or a PEM file; can be given more than once [default: all that are stored]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand verify" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand verify" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -f -a "report" -d 'Launch a bundle\'s enclave for a report of what it is, without running its program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -f -a "verify" -d 'Verify a report: that a genuine enclave made it, on a pinned device, of a pinned bundle, and just now'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and not __fish_seen_subcommand_from report verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l nonce -d 'The verifier\'s nonce, 16 to 128 hexadecimal digits' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -s o -l output -d 'Where the report goes' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l format -d 'The form of the report' -r -f -a "keystone\t'The 1352 bytes of Keystone\'s'
eat\t'An Entity Attestation Token (RFC 9711), as CBOR'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l boot-timeout -d 'On Keystone, give up where nothing is heard of the enclave for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l backend -d 'What runs the bundle [default: keystone where there is its device, else sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates one, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l engine -d 'Which of the bundle\'s programs is run [default: machine code where there is some for this machine]' -r -f -a "pulley\t'Portable bytecode, interpreted'
native\t'Machine code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even where its process cannot be confined, such as under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while it does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l nonce -d 'The nonce that the report was asked for with: an old report is over another one' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l user-data -d 'Instead, of a report that the program itself asked for: the data that it must be over, up to 64 bytes in hexadecimal digits or a file. That it is no old report must follow from these' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l pins -d 'What is accepted: a file that "wasmstone measure --pins" wrote' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l result -d 'Write the result as an Entity Attestation Token (RFC 9711), signed with --key' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l key -d 'The key that signs the result: a name, or a PEM file' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l insecure-allow-test-device -d 'Insecure: accept reports under Keystone\'s public test key, which anybody can make'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l insecure-allow-simulator -d 'Insecure: accept reports of the simulator, which anybody can make'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -l json -d 'Print JSON, also where the report is refused'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "report" -d 'Launch a bundle\'s enclave for a report of what it is, without running its program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Verify a report: that a genuine enclave made it, on a pinned device, of a pinned bundle, and just now'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand sign" -l key -d 'The signing key: a name, or a PEM file [default: default, made at first use]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand sign" -s o -l output -d 'Where the signed bundle goes [default: in the place of the bundle]' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "key" -d 'Make an owner\'s key, before the first bundle with sealed directories is built'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "public" -d 'Print an owner\'s public key, which project files name as their seal-owner'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "provision" -d 'Wrap a transfer key for an enclave, once its report is verified'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "export" -d 'Copy a sealed directory out of its enclave, under the transfer key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "import" -d 'Copy what was exported into a sealed directory, which has to be empty'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and not __fish_seen_subcommand_from key public provision export import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from key" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from public" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from public" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l report -d 'The report of the enclave, from "wasmstone attest report"; - is standard input' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l nonce -d 'The nonce that the report was asked for with' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l pins -d 'What is accepted: a file that "wasmstone measure --pins" wrote' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l owner -d 'The owner\'s key, from "wasmstone seal key": a name, or a PEM file' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l transfer-key -d 'The transfer key, 32 bytes that nobody else may have; made where it is not there' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -s o -l output -d 'Where the wrapped key goes, which is nothing secret' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l insecure-allow-test-device -d 'Insecure: accept reports under Keystone\'s public test key, which anybody can make'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -l insecure-allow-simulator -d 'Insecure: accept reports of the simulator, which anybody can make'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from provision" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l dir -d 'The sealed directory, as it is granted to the program' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l transfer-key -d 'The transfer key, as "wasmstone seal provision" wrapped it for the enclave of this bundle' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l fresh -d 'Refuse a sealed directory in any other state than this one; wins over what --freshness says of it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other than it says, and renew it at the end; with - print them at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l boot-timeout -d 'On Keystone, give up where nothing is heard of the enclave for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l backend -d 'What runs the bundle [default: keystone where there is its device, else sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates one, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l engine -d 'Which of the bundle\'s programs is run [default: machine code where there is some for this machine]' -r -f -a "pulley\t'Portable bytecode, interpreted'
native\t'Machine code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l to -d 'Where the copy goes: an empty directory, which is made if need be' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even where its process cannot be confined, such as under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while it does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l dir -d 'The sealed directory, as it is granted to the program' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l transfer-key -d 'The transfer key, as "wasmstone seal provision" wrapped it for the enclave of this bundle' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l fresh -d 'Refuse a sealed directory in any other state than this one; wins over what --freshness says of it' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l freshness -d 'Keep the states of sealed directories in this file: refuse any other than it says, and renew it at the end; with - print them at the end on standard error' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l timeout -d 'Stop the enclave after this time, such as 500ms, 30s, 5m or 1h' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l boot-timeout -d 'On Keystone, give up where nothing is heard of the enclave for this long after its start [default: 30s, and 0.5s for each MiB of its memory]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l backend -d 'What runs the bundle [default: keystone where there is its device, else sim]' -r -f -a "keystone\t'A Keystone enclave'
sim\t'A process that simulates one, and protects nothing'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l engine -d 'Which of the bundle\'s programs is run [default: machine code where there is some for this machine]' -r -f -a "pulley\t'Portable bytecode, interpreted'
native\t'Machine code'"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l from -d 'Where the copy is, from "wasmstone seal export"' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-allow-unsigned -d 'Insecure: run a bundle that nobody has signed'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-allow-unknown-signer -d 'Insecure: run a bundle that is signed by a key that is not trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-no-lockdown -d 'Insecure: simulate an enclave even where its process cannot be confined, such as under an emulator'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -l insecure-foreign-floats -d 'Insecure: do not keep a Keystone enclave\'s floating-point registers while it does not run. For tests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "key" -d 'Make an owner\'s key, before the first bundle with sealed directories is built'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "public" -d 'Print an owner\'s public key, which project files name as their seal-owner'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "provision" -d 'Wrap a transfer key for an enclave, once its report is verified'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "export" -d 'Copy a sealed directory out of its enclave, under the transfer key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "import" -d 'Copy what was exported into a sealed directory, which has to be empty'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand seal; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "new" -d 'Make a signing key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "list" -d 'List all keys: one\'s own, and those of others that are trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "trust" -d 'Trust the key of somebody else from now on'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "show" -d 'Print a public key, to be given to others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and not __fish_seen_subcommand_from new list trust show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from trust" -l name -d 'The name to know it by [default: the file\'s, without .pem]' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "new" -d 'Make a signing key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "list" -d 'List all keys: one\'s own, and those of others that are trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "trust" -d 'Trust the key of somebody else from now on'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print a public key, to be given to others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "add" -d 'Add a platform, from the files of a Keystone build'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "list" -d 'List all platforms'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "show" -d 'Show a platform'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and not __fish_seen_subcommand_from add list show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l from -d 'The directory of a Keystone build, such as build-generic64, to find loader, runtime and firmware in' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l loader -d 'Keystone\'s loader (loader.bin)' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l runtime -d 'The runtime (eyrie-rt)' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l sm -d 'The raw firmware image that holds the security monitor (fw_jump.bin), which is hashed' -r -F
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l sm-hash -d 'The hash of the security monitor, 128 hexadecimal digits' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l device-key -d 'The public key of a device, 64 hexadecimal digits or a PEM file; can be given more than once' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l cpu-features -d 'What its processors have beyond rv64gc, such as zba,zbb' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l hash-rate -d 'How many bytes its security monitor hashes in a second, such as 5.9M: "build" says with it how long launching takes' -r
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l fp-safe -d 'The platform saves and protects floating-point registers. Stock Keystone does not'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -l replace -d 'Replace a platform of the same name'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a platform, from the files of a Keystone build'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "list" -d 'List all platforms'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a platform'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand platform; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand doctor" -l backend -d 'What bundles are to run on: with keystone, a missing device is a failure' -r -f -a "keystone\t''
sim\t''"
complete -c wasmstone -n "__fish_wasmstone_using_subcommand doctor" -l json -d 'Print JSON'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand completion" -s h -l help -d 'Print help'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "new" -d 'Start a project: a program, its build, its wasmstone.toml'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "build" -d 'Build a signed bundle from a WebAssembly program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "run" -d 'Run a bundle: verify it, then launch its enclave and serve it'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "serve" -d 'Serve HTTP by a bundle whose program answers requests'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "measure" -d 'Print what Keystone will measure'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "inspect" -d 'Show what is in a bundle, without running anything'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "verify" -d 'Check a bundle: its members, its signatures, its measurement'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "attest" -d 'Ask an enclave for a report of what runs in it, and verify such reports'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "sign" -d 'Add a signature to a bundle'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "seal" -d 'Move what is in sealed directories to another release'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "key" -d 'Make, trust and show the keys that sign bundles'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "platform" -d 'Manage platforms: the Keystone builds that bundles are made for'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "doctor" -d 'Check what this machine has, and say how to mend what is missing'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "completion" -d 'Print a shell\'s completion script'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and not __fish_seen_subcommand_from new build run serve measure inspect verify attest sign seal key platform doctor completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from attest" -f -a "report" -d 'Launch a bundle\'s enclave for a report of what it is, without running its program'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from attest" -f -a "verify" -d 'Verify a report: that a genuine enclave made it, on a pinned device, of a pinned bundle, and just now'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "key" -d 'Make an owner\'s key, before the first bundle with sealed directories is built'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "public" -d 'Print an owner\'s public key, which project files name as their seal-owner'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "provision" -d 'Wrap a transfer key for an enclave, once its report is verified'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "export" -d 'Copy a sealed directory out of its enclave, under the transfer key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from seal" -f -a "import" -d 'Copy what was exported into a sealed directory, which has to be empty'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "new" -d 'Make a signing key'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "list" -d 'List all keys: one\'s own, and those of others that are trusted'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "trust" -d 'Trust the key of somebody else from now on'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "show" -d 'Print a public key, to be given to others'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from platform" -f -a "add" -d 'Add a platform, from the files of a Keystone build'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from platform" -f -a "list" -d 'List all platforms'
complete -c wasmstone -n "__fish_wasmstone_using_subcommand help; and __fish_seen_subcommand_from platform" -f -a "show" -d 'Show a platform'
