# Sets Fin-R1 Desk up in this folder on Windows and starts it, or runs its tests:
#
#     powershell -ExecutionPolicy Bypass -File installers\from_source.ps1 run  [--yes] [arguments of finr1-desk]
#     powershell -ExecutionPolicy Bypass -File installers\from_source.ps1 test [--yes] [arguments of pytest]
#
# Windows PowerShell 5.1 or PowerShell 7. Python and Microsoft's C++ compiler are installed with winget where they are
# missing, after asking; everything else stays in this folder (.venv, .tools) and in uv's cache. It may be run again at
# any time. The same steps, in the same order, as from_source.sh.

# No parameters are declared: PowerShell would try to read the application's own options as its parameters.
$ErrorActionPreference = 'Stop'

$UvVersion = '0.13.9'
$UvOldest = [version]'0.9.0'
$Llama = 'llama-cpp-python'
$Steps = 4

$Root = Split-Path -Parent (Split-Path -Parent $MyInvocation.MyCommand.Path)
$Log = Join-Path $Root '.build-log'
$Tools = Join-Path $Root '.tools'
$Venv = Join-Path $Root '.venv'
$Stamp = Join-Path $Venv '.from-source'
$Python = Join-Path $Venv 'Scripts\python.exe'
$Desk = Join-Path $Venv 'Scripts\finr1-desk.exe'
$script:Step = 0
$script:Title = ''

function Show-Usage {
    Write-Host 'usage: from_source.ps1 run|test [--yes] [arguments passed on]'
    Write-Host '  run   set up what is missing, then open Fin-R1 Desk'
    Write-Host '  test  set up what is missing, then run the tests'
    Write-Host '  --yes ask nothing'
}

# ---------------------------------------------------------------------------------------------- steps and their log

function Start-Step([string]$Name) {
    $script:Step += 1
    $script:Title = $Name
    Add-Content -Path $Log -Value "`r`n==== [$script:Step/$Steps] $Name"
    Write-Host "[$script:Step/$Steps] $Name"
}

# Runs a command line through cmd.exe, which sends its output to the log; PowerShell 5.1 itself would turn each line on
# standard error into an exception. Returns the exit status.
function Invoke-Logged([string]$CommandLine) {
    Add-Content -Path $Log -Value "> $CommandLine"
    $started = Get-Date
    $moving = -not [Console]::IsOutputRedirected
    $arguments = '/d /s /c "' + $CommandLine + ' >> "' + $Log + '" 2>&1"'
    $process = Start-Process -FilePath $env:ComSpec -ArgumentList $arguments -NoNewWindow -PassThru
    $null = $process.Handle # without it, Windows PowerShell forgets the exit status
    $lastLine = 0
    while (-not $process.WaitForExit(1000)) {
        $elapsed = (Get-Date) - $started
        $text = '      {0}:{1:00}' -f [math]::Floor($elapsed.TotalMinutes), $elapsed.Seconds
        if ($moving) {
            [Console]::Write("`r$text")
        } elseif ([math]::Floor($elapsed.TotalSeconds / 30) -gt $lastLine) {
            $lastLine = [math]::Floor($elapsed.TotalSeconds / 30)
            Write-Host $text
        }
    }
    if ($moving) { [Console]::Write("`r                    `r") }
    return $process.ExitCode
}

function Stop-WithFailure([string]$Hint) {
    Write-Host ''
    Write-Host "error: step $script:Step of $Steps failed: $script:Title"
    Write-Host "hint: $Hint"
    if (Test-Path $Log) {
        Write-Host "The log is $Log, and it ends with:"
        Get-Content -Path $Log -Tail 15 | ForEach-Object { Write-Host "    $_" }
    }
    exit 1
}

$Retry = 'Mend what the last lines name and run the same command again: finished steps are kept.'

# -------------------------------------------------------------------------------------------------- what is missing

function Find-Command([string]$Name) {
    $found = Get-Command -Name $Name -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if ($found) { return $found.Source }
    return $null
}

# A Python that the application runs on. The «python.exe» that opens the Microsoft Store prints nothing and fails.
function Find-Python {
    $candidates = @()
    $launcher = Find-Command 'py.exe'
    if ($launcher) {
        foreach ($version in '3.13', '3.12', '3.11') { $candidates += , @($launcher, "-$version") }
    }
    $plain = Find-Command 'python.exe'
    if ($plain) { $candidates += , @($plain, '-I') }
    foreach ($candidate in $candidates) {
        $ErrorActionPreference = 'Continue'
        $answer = & $candidate[0] $candidate[1] -c 'import sys; print(sys.executable if (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)' 2>$null
        $status = $LASTEXITCODE
        $ErrorActionPreference = 'Stop'
        if ($status -eq 0 -and $answer -and "$answer" -ne '0') { return "$answer" }
    }
    return $null
}

function Find-Uv {
    foreach ($candidate in (Join-Path $Tools 'uv\Scripts\uv.exe'), (Find-Command 'uv.exe')) {
        if (-not $candidate -or -not (Test-Path $candidate)) { continue }
        $ErrorActionPreference = 'Continue'
        $answer = & $candidate --version 2>$null
        $ErrorActionPreference = 'Stop'
        if ("$answer" -match '^uv (\d+\.\d+\.\d+)' -and [version]$Matches[1] -ge $UvOldest) { return $candidate }
    }
    return $null
}

function Test-Compiler {
    $vswhere = Join-Path ${env:ProgramFiles(x86)} 'Microsoft Visual Studio\Installer\vswhere.exe'
    if (-not (Test-Path $vswhere)) { return $false }
    $place = & $vswhere -latest -products '*' -requires Microsoft.VisualStudio.Component.VC.Tools.x86.x64 -property installationPath
    return [bool]$place
}

function Get-Accelerator {
    $smi = Find-Command 'nvidia-smi.exe'
    if (-not $smi -or -not (Find-Command 'nvcc.exe')) { return 'cpu' }
    $ErrorActionPreference = 'Continue'
    $cards = & $smi -L 2>$null
    $ErrorActionPreference = 'Stop'
    if ("$cards" -match 'GPU') { return 'cuda' }
    return 'cpu'
}

# Everything that decides what .venv must hold, cheap enough to ask at every start.
function Get-Fingerprint {
    $parts = @()
    foreach ($name in 'uv.lock', 'pyproject.toml', 'installers\from_source.ps1') {
        $parts += (Get-FileHash -Algorithm SHA256 -Path (Join-Path $Root $name)).Hash
    }
    $parts += $Root, $env:PROCESSOR_IDENTIFIER, "$(Find-Command 'nvcc.exe')", "$(Find-Command 'nvidia-smi.exe')", "$env:CMAKE_ARGS"
    return ($parts -join '|')
}

function Get-Stamped([string]$Name) {
    if (-not (Test-Path $Stamp)) { return '' }
    foreach ($line in Get-Content -Path $Stamp) {
        if ($line.StartsWith("$Name=")) { return $line.Substring($Name.Length + 1) }
    }
    return ''
}

function Test-Ready([string]$Action) {
    if ((Get-Stamped 'fingerprint') -ne (Get-Fingerprint)) { return $false }
    if ($Action -eq 'test' -and (Get-Stamped 'ready') -ne 'test') { return $false }
    return (Test-Path $Desk) -and (Test-Path $Python)
}

# --------------------------------------------------------------------------------------------- asking and installing

function Confirm-Plan([string[]]$Packages, [bool]$Yes) {
    Write-Host "Fin-R1 Desk, from source in $Root"
    Write-Host 'This will'
    foreach ($package in $Packages) { Write-Host "  - install with winget: $package" }
    if (-not (Find-Uv)) { Write-Host "  - put uv $UvVersion, which installs Python packages, into .tools" }
    if (Test-Path $Python) {
        Write-Host "  - bring .venv and its llama.cpp ($script:Accelerator) up to date with uv.lock and this machine"
    } else {
        Write-Host '  - install the packages of uv.lock into .venv (about 400 MB)'
        Write-Host "  - build llama.cpp for this machine ($script:Accelerator): some minutes, with CUDA up to forty"
    }
    if ($Yes -or ($Packages.Count -eq 0 -and (Test-Path $Python))) { return }
    if ([Console]::IsInputRedirected) {
        if ($Packages.Count -eq 0) { return }
        Write-Host 'error: nobody to ask here, and programs would be installed'
        Write-Host 'hint: run it again with --yes'
        exit 1
    }
    $answer = Read-Host 'Go on? [Y/n]'
    if ($answer -and $answer -notmatch '^[Yy]') {
        Write-Host 'Nothing was changed.'
        exit 1
    }
}

function Install-SystemPackages([string[]]$Packages) {
    Start-Step 'Python and the C++ compiler'
    if ($Packages.Count -eq 0) { return }
    if (-not (Find-Command 'winget.exe')) {
        Stop-WithFailure "winget is missing. Install by hand, then run this again: $($Packages -join ', ')"
    }
    foreach ($package in $Packages) {
        $line = "winget install --exact --id $package --source winget --accept-package-agreements --accept-source-agreements"
        if ($package -like '*BuildTools') {
            # Inside the override, cmd.exe and winget want the quotation marks plain.
            $line += ' --override "--wait --quiet --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"'
        }
        if ((Invoke-Logged $line) -ne 0) { Stop-WithFailure $Retry }
    }
    # What was just installed is on the search path of new processes only.
    $env:Path = [Environment]::GetEnvironmentVariable('Path', 'Machine') + ';' + [Environment]::GetEnvironmentVariable('Path', 'User')
}

function Install-Uv {
    Start-Step 'uv'
    $script:Uv = Find-Uv
    if ($script:Uv) { return }
    $base = Find-Python
    if (-not $base) { Stop-WithFailure 'Python was installed but is not found. Open a new window and run the same command again.' }
    $folder = Join-Path $Tools 'uv'
    if (Test-Path $folder) { Remove-Item -Recurse -Force $folder }
    if ((Invoke-Logged "`"$base`" -m venv `"$folder`"") -ne 0) { Stop-WithFailure $Retry }
    $pip = Join-Path $folder 'Scripts\python.exe'
    if ((Invoke-Logged "`"$pip`" -m pip install --disable-pip-version-check uv==$UvVersion") -ne 0) { Stop-WithFailure $Retry }
    $script:Uv = Find-Uv
    if (-not $script:Uv) { Stop-WithFailure 'uv was installed but does not start.' }
}

# uv does not read pip's settings. Where the user has told pip of a mirror, a certificate, a proxy or patience, tell uv.
function Set-UvEnvironment {
    $pairs = @(
        @('PIP_INDEX_URL', 'UV_DEFAULT_INDEX'), @('PIP_CERT', 'SSL_CERT_FILE'),
        @('PIP_PROXY', 'ALL_PROXY'), @('PIP_DEFAULT_TIMEOUT', 'UV_HTTP_TIMEOUT')
    )
    foreach ($pair in $pairs) {
        $value = [Environment]::GetEnvironmentVariable($pair[0])
        if ($value -and -not [Environment]::GetEnvironmentVariable($pair[1])) {
            [Environment]::SetEnvironmentVariable($pair[1], $value)
        }
    }
    $env:UV_PROJECT_ENVIRONMENT = $Venv
    if (-not $env:UV_LOCK_TIMEOUT) { $env:UV_LOCK_TIMEOUT = '3600' } # another build of llama.cpp is waited for
    Remove-Item -Path Env:VIRTUAL_ENV -ErrorAction SilentlyContinue
}

# Installs from the lock and returns the exit status. What is there beyond it stays, so that `run` keeps what `test` needs.
function Install-Locked([string]$Action, [bool]$WithLlama, [string]$Options) {
    $uv = "`"$script:Uv`""
    $groups = ''
    if ($Action -eq 'test') { $groups = '--group dev' }
    if (-not $env:UV_DEFAULT_INDEX -and -not $env:UV_INDEX_URL) {
        $skip = ''
        if (-not $WithLlama) { $skip = "--no-install-package $Llama" }
        return (Invoke-Logged "$uv sync --frozen --inexact $groups $skip $Options")
    }
    # The lock names each file's address, and a synchronisation would go there. The same versions, still checked against
    # the lock's hashes, come from the mirror that the user has chosen in this way.
    $skip = ''
    if (-not $WithLlama) { $skip = "--no-emit-package $Llama" }
    $list = Join-Path $Tools 'requirements.txt'
    $lines = @(
        "$uv venv --allow-existing `"$Venv`"",
        "$uv export --quiet --frozen --no-emit-project $groups $skip --output-file `"$list`"",
        "$uv pip install --python `"$Python`" --require-hashes -r `"$list`" $Options",
        "$uv pip install --python `"$Python`" --no-deps --editable `"$Root`""
    )
    foreach ($line in $lines) {
        $status = Invoke-Logged $line
        if ($status -ne 0) { return $status }
    }
    return 0
}

function Install-Packages([string]$Action) {
    Start-Step 'Python packages'
    $before = Get-Stamped 'root'
    if ($before -and $before -ne $Root) {
        Write-Host '      This folder has moved: .venv is made anew.'
        Remove-Item -Recurse -Force $Venv
    }
    Remove-Item -Path $Stamp -ErrorAction SilentlyContinue
    if ((Install-Locked $Action $false '') -ne 0) { Stop-WithFailure $Retry }
}

function Build-LlamaFor([string]$Action, [string]$Accelerator) {
    # uv's cache never gives one processor the build of another.
    $machine = "$env:PROCESSOR_IDENTIFIER $env:CMAKE_ARGS" -replace '[^A-Za-z0-9.]+', '-'
    $options = "--config-settings-package `"${Llama}:cmake.define.FINR1_DESK_BUILT_FOR=$machine`""
    if ($Accelerator -eq 'cuda') { $options += " --config-settings-package ${Llama}:cmake.define.GGML_CUDA=ON" }
    if ((Install-Locked $Action $true "--verbose $options") -ne 0) { return $false }
    return ((Invoke-Logged "`"$Python`" -c `"import llama_cpp`"") -eq 0)
}

function Build-Llama([string]$Action) {
    Start-Step "llama.cpp ($script:Accelerator)"
    if (-not $env:CMAKE_BUILD_PARALLEL_LEVEL) { $env:CMAKE_BUILD_PARALLEL_LEVEL = $env:NUMBER_OF_PROCESSORS }
    if ($script:Accelerator -eq 'cuda') {
        if (Build-LlamaFor $Action 'cuda') { return }
        Copy-Item -Path $Log -Destination "$Log-cuda" -Force
        Write-Host "      The build with CUDA failed (its log is $Log-cuda)."
        Write-Host '      Building for the processor instead: answers will be slower.'
        $script:Accelerator = 'cpu'
    }
    if (-not (Build-LlamaFor $Action 'cpu')) { Stop-WithFailure $Retry }
}

function Install-Everything([string]$Action, [bool]$Yes) {
    $script:Accelerator = Get-Accelerator
    # A build with CUDA that failed is not tried again until something that it depends on changes.
    if ((Get-Stamped 'accelerator') -and (Get-Stamped 'fingerprint') -eq (Get-Fingerprint)) {
        $script:Accelerator = Get-Stamped 'accelerator'
    }
    $packages = @()
    if (-not (Find-Uv) -and -not (Find-Python)) { $packages += 'Python.Python.3.12' }
    if (-not (Test-Compiler)) { $packages += 'Microsoft.VisualStudio.2022.BuildTools' }
    Confirm-Plan $packages $Yes
    New-Item -ItemType Directory -Force -Path $Tools | Out-Null
    Set-Content -Path $Log -Value ''
    Set-Location -Path $Root
    Set-UvEnvironment
    Install-SystemPackages $packages
    Install-Uv
    Install-Packages $Action
    Build-Llama $Action
    Set-Content -Path $Stamp -Value @(
        "fingerprint=$(Get-Fingerprint)", "ready=$Action", "root=$Root", "accelerator=$script:Accelerator"
    )
    Write-Host 'Ready.'
}

# --------------------------------------------------------------------------------------------------------- starting

$yes = $false
$passing = $false
$words = @()
foreach ($word in $args) {
    if (-not $passing -and "$word" -eq '--yes') { $yes = $true; continue }
    if (-not $passing -and "$word" -eq '--') { $passing = $true; continue }
    $words += "$word"
}
$action = ''
if ($words.Count -gt 0) { $action = $words[0] }
if ($action -in '-h', '--help') { Show-Usage; exit 0 }
if ($action -notin 'run', 'test') { Show-Usage; exit 2 }
$rest = @($words | Select-Object -Skip 1)

if (-not (Test-Ready $action)) { Install-Everything $action $yes }

if ($action -eq 'test') {
    Set-Location -Path $Root
    if (-not $env:QT_QPA_PLATFORM) { $env:QT_QPA_PLATFORM = 'offscreen' }
    & $Python -m pytest @rest
    exit $LASTEXITCODE
}
$own = $rest.Count -gt 0 -and -not $rest[0].StartsWith('-') # a command of its own
if ($own -or ([Environment]::UserInteractive -and -not $env:SSH_CONNECTION)) {
    & $Desk @rest
} elseif (-not [Console]::IsInputRedirected -and -not [Console]::IsOutputRedirected) {
    & $Desk chat @rest
} else {
    & $Desk example @rest
}
exit $LASTEXITCODE
