# Removes the agent, its state and what waits to be delivered. It has not been run on Windows yet.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$service = 'BandroomAgent'
if (Get-Service $service -ErrorAction SilentlyContinue) {
    Stop-Service $service
    & sc.exe delete $service
    if ($LASTEXITCODE -ne 0) { throw "deleting the service failed (exit code $LASTEXITCODE)" }
}
foreach ($folder in (Join-Path $env:ProgramFiles 'bandroom-agent'), (Join-Path $env:ProgramData 'bandroom-agent')) {
    if (Test-Path $folder) { Remove-Item $folder -Recurse -Force }
}
