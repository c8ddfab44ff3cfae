; Setup program for Windows, for Inno Setup 6.3 or newer. Made by installer.py, which names Version, Source, Out and Icon:
;   ISCC /DVersion=0.1.0 /DSource=C:\...\dist\launcher /DOut=C:\...\dist /DIcon=C:\...\launcher.ico launcher.iss
; Installs for one user, without asking for an administrator. What it installs is the program only: chats and settings are in
; %LOCALAPPDATA%\launcher-for-deepseek, models in the Hugging Face cache; neither upgrade nor removal touches them.

#ifndef Version
  #error Version is not defined: run installer.py
#endif
#define Name "Launcher for DeepSeek"
#define Id "launcher-for-deepseek"
#define Gui "launcher-gui.exe"

[Setup]
; Never change this: it is how a newer version finds the older one.
AppId={{8E0C6A53-7B0B-4C55-9C0E-5B7A6F2D9B41}
AppName={#Name}
AppVersion={#Version}
AppVerName={#Name} {#Version}
AppPublisher=The launcher's authors
VersionInfoVersion={#VersionNumbers}
PrivilegesRequired=lowest
DefaultDirName={autopf}\{#Name}
DisableProgramGroupPage=yes
DisableDirPage=auto
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
; Qt 6.11 needs Windows 10 1809.
MinVersion=10.0.17763
OutputDir={#Out}
OutputBaseFilename={#Id}-{#Version}-windows-x64-setup
SetupIconFile={#Icon}
UninstallDisplayIcon={app}\{#Gui}
UninstallDisplayName={#Name}
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
; A running program is asked to close, the engine's process with it, so that its files can be replaced.
CloseApplications=yes
RestartApplications=no
#ifdef Sign
SignTool=launcher
SignedUninstaller=yes
#endif

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"; Flags: unchecked

[InstallDelete]
; Files of an older version that the new one no longer has. Nothing of the user's is ever in these folders.
Type: filesandordirs; Name: "{app}\_internal"
Type: filesandordirs; Name: "{app}\engines"

[Files]
Source: "{#Source}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\{#Name}"; Filename: "{app}\{#Gui}"; AppUserModelID: "{#Id}"
Name: "{autodesktop}\{#Name}"; Filename: "{app}\{#Gui}"; AppUserModelID: "{#Id}"; Tasks: desktopicon

[Registry]
; The file type, offered under "Open with" and in the default apps of Windows' settings.
Root: HKA; Subkey: "Software\Classes\{#Id}.gguf"; ValueType: string; ValueName: ""; ValueData: "GGUF model"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\{#Id}.gguf\DefaultIcon"; ValueType: string; ValueName: ""; ValueData: "{app}\{#Gui},0"
Root: HKA; Subkey: "Software\Classes\{#Id}.gguf\shell\open\command"; ValueType: string; ValueName: ""; ValueData: """{app}\{#Gui}"" ""%1"""
Root: HKA; Subkey: "Software\Classes\.gguf\OpenWithProgids"; ValueType: string; ValueName: "{#Id}.gguf"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Applications\{#Gui}\SupportedTypes"; ValueType: string; ValueName: ".gguf"; ValueData: ""; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\{#Id}\Capabilities"; ValueType: string; ValueName: "ApplicationName"; ValueData: "{#Name}"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\{#Id}\Capabilities"; ValueType: string; ValueName: "ApplicationDescription"; ValueData: "Local DeepSeek models on any PC"
Root: HKA; Subkey: "Software\{#Id}\Capabilities\FileAssociations"; ValueType: string; ValueName: ".gguf"; ValueData: "{#Id}.gguf"
Root: HKA; Subkey: "Software\{#Id}"; Flags: uninsdeletekeyifempty
Root: HKA; Subkey: "Software\RegisteredApplications"; ValueType: string; ValueName: "{#Id}"; ValueData: "Software\{#Id}\Capabilities"; Flags: uninsdeletevalue
; A double-click on a model opens it here only where no other program has the file type.
Root: HKA; Subkey: "Software\Classes\.gguf"; ValueType: string; ValueName: ""; ValueData: "{#Id}.gguf"; Check: IsFree

[Run]
Filename: "{app}\{#Gui}"; Description: "{cm:LaunchProgram,{#Name}}"; Flags: nowait postinstall skipifsilent

[Code]
const
  Ours = '{#Id}.gguf';

function IsFree: Boolean;
var
  Owner: String;
begin
  Result := not RegQueryStringValue(HKEY_CLASSES_ROOT, '.gguf', '', Owner) or (Owner = '') or (Owner = Ours);
end;

procedure CurUninstallStepChanged(CurUninstallStep: TUninstallStep);
var
  Owner: String;
begin
  if CurUninstallStep <> usPostUninstall then
    exit;
  // Only our own entry: another program may have the file type by now.
  if RegQueryStringValue(HKA, 'Software\Classes\.gguf', '', Owner) and (Owner = Ours) then
    RegDeleteValue(HKA, 'Software\Classes\.gguf', '');
  if not UninstallSilent then
    MsgBox('Chats and settings stay in' + #13#10 + ExpandConstant('{localappdata}\{#Id}') + #13#10 +
      'and models where they were downloaded to. Delete them there if you no longer want them.', mbInformation, MB_OK);
end;
