-- PID 1. Checks the environment, then becomes Prosody or prosodyctl in this same process: signals reach it, nothing
-- forks, and no shell is needed.

local foundry = "/usr/lib/prosody-foundry/"
local data_folder = "/var/lib/prosody"
local bad_configuration = 78 -- EX_CONFIG of sysexits.h

local options = dofile(foundry .. "options.lua")

local function say(level, sentence)
  io.stderr:write(("prosody-foundry\t%s\t%s\n"):format(level, sentence))
end

local function read_environment()
  local environment = {}
  local file = io.open("/proc/self/environ")
  if not file then return environment end
  for name, text in file:read("a"):gmatch("([^=%z]+)=(%Z*)") do environment[name] = text end
  file:close()
  return environment
end

local function stop_on(problems)
  if #problems == 0 then return end
  for _, problem in ipairs(problems) do say("error", problem) end
  os.exit(bad_configuration)
end

local function check_environment()
  local values, problems = options.read(os.getenv)
  for _, problem in ipairs(options.find_unknown(read_environment())) do problems[#problems + 1] = problem end
  stop_on(problems)
  return values
end

local function user_id()
  for line in io.lines("/proc/self/status") do
    local uid = line:match("^Uid:%s+%d+%s+(%d+)")
    if uid then return uid end
  end
end

local function check_user()
  if user_id() ~= "0" then return end
  stop_on({ "Prosody does not run as root: leave out --user, or give another one." })
end

-- Docker gives a volume to root when it was made for another image, and bind mounts belong to whoever made them.
local function check_data_folder()
  local probe = data_folder .. "/.probe"
  local file, reason = io.open(probe, "w")
  if file then
    file:close()
    os.remove(probe)
    return
  end
  local uid = user_id()
  local hint = reason:find("Read%-only") and ("mount a volume or a tmpfs at " .. data_folder)
    or ("give the volume to that user once, with `chown -R %s` on its files"):format(uid)
  stop_on({ ("User %s cannot write to %s: %s."):format(uid, data_folder, hint) })
end

local function visit_files(folder, depth, visit)
  local lfs = require("lfs")
  local opened, each, state = pcall(lfs.dir, folder)
  if not opened or depth == 0 then return end
  for entry in each, state do
    local path = folder .. "/" .. entry
    local mode = lfs.attributes(path, "mode")
    if mode == "directory" and entry:sub(1, 1) ~= "." then visit_files(path, depth - 1, visit) end
    if mode == "file" then visit(path) end
  end
end

-- Prosody looks three folders deep. Without a certificate it starts, and nobody can log in.
local function warn_of_certificates(folder)
  local found = false
  visit_files(folder, 3, function(path)
    if path:find("%.crt$") or path:find("fullchain[^/]*$") or path:find("%.pem$") then found = true end
    local file = io.open(path)
    if file then file:close() else say("warn", ("User %s cannot read %s."):format(user_id(), path)) end
  end)
  if found then return end
  say("warn", ("There is no certificate in %s: nobody can log in until there is one."):format(folder))
end

local function warn(values)
  if values.PROSODY_DOMAIN == "localhost" then
    say("warn", "This server is for localhost: set PROSODY_DOMAIN to the domain of its addresses.")
  end
  warn_of_certificates(values.PROSODY_CERTIFICATES)
end

-- PID 1 ignores a signal it has no handler for, so `docker stop` in the first moments would wait and then kill. Lua
-- runs the handler that is installed when Prosody is done starting: Prosody's own.
local function heed_signals_early()
  package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath
  local loaded, signal = pcall(require, "util.signal")
  if not loaded then return end
  for _, name in ipairs({ "SIGTERM", "SIGINT" }) do
    signal.signal(name, function() os.exit(0) end)
  end
end

local function become(program, arguments)
  arguments[0] = program
  arg = arguments
  return dofile(program)
end

local function run_server(arguments)
  local values = check_environment()
  check_user()
  check_data_folder()
  warn(values)
  pcall(require("lfs").mkdir, "/run/prosody")
  heed_signals_early()
  table.remove(arguments, 1)
  if arguments[1] ~= "-F" then table.insert(arguments, 1, "-F") end
  return become("/usr/bin/prosody", arguments)
end

local function run_prosodyctl(arguments)
  check_environment()
  if arguments[1] == "prosodyctl" then table.remove(arguments, 1) end
  return become("/usr/bin/prosodyctl", arguments)
end

local function show_default(option)
  local default = option.default
  if default == nil or (type(default) == "table" and #default == 0) then return "" end
  return (" Default: %s."):format(tostring(default))
end

local function show_help()
  print("Usage: [prosody]              run the server")
  print("       prosodyctl COMMAND …   run prosodyctl with the same configuration; COMMAND alone does, too")
  print("       help                   show this")
  print("\nOptions, from the environment:")
  for _, option in ipairs(options.list) do
    local names = table.concat(options.names_of(option), ", ")
    local choices = option.choices and (" (%s)"):format(table.concat(option.choices, ", ")) or ""
    print(("\n  %s\n      %s%s.%s\n      Sets %s."):format(names, option.help, choices, show_default(option), option.sets))
  end
  print("\nMore configuration: /etc/prosody/conf.d/*.cfg.lua")
end

local first = arg[1]
if first == "help" or first == "--help" then
  show_help()
elseif first == nil or first == "prosody" then
  run_server(arg)
else
  run_prosodyctl(arg)
end
