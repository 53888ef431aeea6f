# Installs the agent as a service: docs/install-agent.md, "On Windows". It has not been run on Windows yet.
#
# As administrator, in the folder with the unpacked bandroom-agent.tar.gz:
#   powershell -ExecutionPolicy Bypass -File deploy\windows\install.ps1 -Url https://bandroom.example.org:8600 -Code 7K2M-9QXD-4TAB
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Url,
    [Parameter(Mandatory)] [string] $Code,
    [string] $CaFile,
    [string] $Python = 'C:\Program Files\Python312\python.exe'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$service = 'BandroomAgent'
$account = "NT SERVICE\$service"  # an account of its own that nobody can log in with, and no password
$program = Join-Path $env:ProgramFiles 'bandroom-agent'
$state = Join-Path $env:ProgramData 'bandroom-agent'

function Invoke-Checked([string] $What, [string] $Command, [string[]] $Arguments) {
    & $Command @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$What failed (exit code $LASTEXITCODE)" }
}

if (-not (Test-Path $Python)) { throw "$Python is not there: install Python 3.11 or newer for all users, or name it with -Python" }
$wheel = @(Get-ChildItem 'dist\bandroom-*.whl')
if ($wheel.Count -ne 1) { throw 'run this in the folder with dist\bandroom-*.whl and requirements\agent.txt' }

# Not a virtual environment: its python.exe starts another process, and a service has to be the one that was started.
$pip = '-m', 'pip', 'install', '--disable-pip-version-check', '--target', $program, '--upgrade'
Invoke-Checked 'installing psutil' $Python ($pip + '--require-hashes', '-r', 'requirements\agent.txt')
Invoke-Checked 'installing the agent' $Python ($pip + '--no-deps', '--no-index', $wheel[0].FullName)

if (-not (Get-Service $service -ErrorAction SilentlyContinue)) {
    New-Service -Name $service -DisplayName 'Bandroom agent' -Description 'Measures what pupils get in this room.' `
        -BinaryPathName "`"$Python`" -s -m agent.main service --state `"$state`"" | Out-Null
}
# sc.exe wants a blank behind each "=".
Invoke-Checked 'giving it an account' 'sc.exe' @('config', $service, 'obj=', $account, 'start=', 'delayed-auto')
# Start it again after a minute however it ended: nobody walks to a classroom to do that.
Invoke-Checked 'setting its recovery' 'sc.exe' @('failure', $service, 'reset=', '86400', 'actions=', 'restart/60000')
Invoke-Checked 'setting its recovery' 'sc.exe' @('failureflag', $service, '1')
$key = "HKLM:\SYSTEM\CurrentControlSet\Services\$service"
New-ItemProperty -Path $key -Name Environment -PropertyType MultiString -Value "PYTHONPATH=$program" -Force | Out-Null

# The token lies in the state folder: the service, the system and administrators, and nobody else.
New-Item -ItemType Directory -Path $state -Force | Out-Null
Invoke-Checked 'closing the state folder' 'icacls.exe' @($state, '/inheritance:r', '/grant:r', "${account}:(OI)(CI)M",
    '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '/Q')

if (-not (Test-Path (Join-Path $state 'agent.toml'))) {
    $join = '-s', '-m', 'agent.main', 'join', $Url, '--code', $Code, '--state', $state
    if ($CaFile) {
        Copy-Item $CaFile (Join-Path $state 'bandroom-ca.pem')
        $join += '--ca-file', (Join-Path $state 'bandroom-ca.pem')
    }
    $env:PYTHONPATH = $program
    Invoke-Checked 'joining' $Python $join
}
Start-Service $service
Get-Service $service
