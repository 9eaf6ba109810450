-- restore [--check] [--replace] [--json] [FILE]: puts a backup's data, from standard input or FILE, in the place of what is there
-- It works under a running server, too, which takes its hosts down meanwhile.

local command = require("foundry.data.command")

local usage = "Usage: restore [--check] [--replace] [--json] [FILE] < FILE"

-- Standard input cannot be read twice: once to check all of it, once to restore it.
local function keep_input(folder)
  local staging = require("foundry.data.staging")
  staging.make_parents(folder .. "/.foundry-restore/")
  local path = folder .. "/.foundry-restore/backup.tar"
  local file, reason = io.open(path, "w+b")
  if not file then error(("%s cannot be written: %s."):format(path, reason), 0) end
  os.remove(path) -- it goes with this process
  return file, function(count)
    local bytes = io.stdin:read(count)
    if bytes and not file:write(bytes) then error("There is no room for the backup in " .. folder .. ".", 0) end
    return bytes
  end
end

local function open_input(words, folder)
  local path = words[1]
  if path and path ~= "-" then
    local file, reason = io.open(path, "rb")
    if not file then error(("%s cannot be read: %s."):format(path, reason), 0) end
    return file, function(count) return file:read(count) end
  end
  if words.check then return io.stdin, function(count) return io.stdin:read(count) end end
  return keep_input(folder)
end

local function decode(folder) return require("foundry.data.prosody").load("util.datamanager").path_decode(folder) end

-- Whose data it replaces.
local function hosts_of(place, checked)
  local hosts, warned = {}, {}
  for folder in pairs(checked.folders) do hosts[decode(folder)] = true end
  for host in pairs(place.hosts) do hosts[host] = true end
  for _, section in ipairs(checked.summary.sections) do
    if not place.hosts[section.host] and not warned[section.host] then
      command.say(("warn\tThe backup has data of %s, which this server does not serve."):format(section.host))
      warned[section.host] = true
    end
    hosts[section.host] = true
  end
  return hosts
end

local function check_empty(place, hosts)
  for _, section in ipairs(place:sections()) do
    if hosts[section.host] then
      error(("%s has data already (%s %s): --replace puts the backup's in its place."):format(place:describe(), section.host, section.store), 0)
    end
  end
end

local function check_files(folder, hosts)
  local files = require("foundry.data.files")
  files.visit(folder, function(path)
    local host = files.host_folder_of(path)
    if host and hosts[decode(host)] then
      error(("%s/%s is there already: --replace puts the backup's files in its place."):format(folder, path), 0)
    end
  end)
end

local function copy_file(writer, path, part)
  local at = writer:stage(path)
  local file, reason = io.open(at, "wb")
  if not file then error(("%s cannot be written: %s."):format(at, reason), 0) end
  for bytes in part do
    if not file:write(bytes) then error("There is no room for " .. path .. ".", 0) end
  end
  if not file:close() then error("There is no room for " .. path .. ".", 0) end
end

local function fill(file, writer)
  local kept_certificates = require("foundry.kept-certificates")
  file:seek("set", 0)
  require("foundry.data.backup").read(function(count) return file:read(count) end, {
    record = function(section, record) writer:write(section, record) end,
    file = function(path, _, part)
      -- Earlier backups may have some.
      if not kept_certificates.is_one(path) then copy_file(writer, path, part) end
    end,
  })
  writer:flush()
end

-- All or nothing: what was written is read back before it takes effect.
local function replace(file, place, checked, hosts)
  local walk = require("foundry.data.walk")
  local writer = require("foundry.data.writers").open(place, {
    command = "restore", hosts = hosts, replace = true, with_files = true, keep = function() return false end,
  })
  local done, rows, same = pcall(function()
    fill(file, writer)
    local found, equal = walk.compare(checked.summary.sections, walk.sum_up(writer, command.progress("restored")))
    if equal then writer:commit() end
    return found, equal
  end)
  writer:close()
  if not done then error(rows, 0) end
  return rows, same
end

local function show(words, checked, rows, same)
  if words.json then
    print(require("foundry.data.json").encode({ backup = checked.head, same = same, sections = rows, files = checked.summary.files }))
  end
  command.say(same and ("info\tAll data of %s, and %d files, are restored."):format(checked.head.created, checked.summary.files)
    or "error\tNothing was changed: what was written is not what the backup has.")
end

local function restore(words)
  local places = require("foundry.data.places")
  local folder = places.data_folder()
  local file, read_bytes = open_input(words, folder)
  local checked = require("foundry.data.check")(read_bytes)
  if words.check then
    command.say(("info\tThe backup of %s is whole: %d stores, %d files."):format(checked.head.created, #checked.summary.sections,
      checked.summary.files))
    return 0
  end
  local place = places.open()
  local _, strange = place:describe()
  if strange then error(("Storage %q keeps nothing: set PROSODY_STORAGE to another one."):format(strange), 0) end
  local hosts = hosts_of(place, checked)
  local server = require("foundry.data.server").hold_or_lock(folder, function()
    require("foundry.data.staging").check(folder)
    if words.replace then return end
    check_empty(place, hosts)
    check_files(folder, hosts)
  end)
  place:close()
  local done, rows, same = pcall(function()
    require("foundry.data.staging").finish(folder, "restore")
    return replace(file, place, checked, hosts)
  end)
  local released, problem = pcall(server.release)
  if not done then error(rows, 0) end
  if not released then error(problem, 0) end
  show(words, checked, rows, same)
  return same and 0 or 1
end

return function(arguments)
  local words = command.parse(arguments, { check = "flag", replace = "flag", json = "flag" }, usage)
  if #words > 1 then command.fail(usage, 64) end
  command.check_environment()
  return command.run(function()
    require("foundry.data.prosody").start()
    return restore(words)
  end)
end
