-- backup [FILE]: all data as one tar file, to standard output or FILE, also while the server runs

local command = require("foundry.data.command")

local usage = "Usage: backup [FILE] > FILE; see README for the format."

local function check(done, path, reason)
  if not done then error(("%s cannot be written: %s."):format(path, reason), 0) end
  return done
end

local function open_output(path)
  if not path or path == "-" then return io.stdout end
  check(require("lfs").attributes(path, "mode") ~= "directory", path, "it is a folder")
  local file, reason = io.open(path .. "~", "wb")
  return check(file, path, (tostring(reason):gsub("^.*: ", "")))
end

local function close_output(file, path)
  if file == io.stdout then return end
  local done, reason = file:close()
  if done then done, reason = os.rename(path .. "~", path) end
  if not done then os.remove(path .. "~") end
  check(done, path, (tostring(reason):gsub("^.*: ", "")))
end

local function check_source(place)
  local names, strange = place:describe()
  if strange then error(("Storage %q keeps nothing that could be backed up: %s."):format(strange, names), 0) end
end

local function save(file, place)
  file:setvbuf("full", 65536)
  local function write(bytes)
    local done, reason = file:write(bytes)
    if not done then error("The backup cannot be written: " .. tostring(reason) .. ".", 0) end
  end
  local wishes = { folder = require("foundry.data.places").data_folder(), progress = command.progress("saved") }
  local summary = require("foundry.data.backup").write(write, place, wishes)
  local done, reason = file:flush()
  if not done then error("The backup cannot be written: " .. tostring(reason) .. ".", 0) end
  return summary
end

local function backup(path)
  local places = require("foundry.data.places")
  require("foundry.data.staging").refuse_unfinished(places.data_folder())
  local place = places.open()
  check_source(place)
  local file = open_output(path)
  local done, result = pcall(save, file, place)
  if not done then
    -- Half a backup is of no use to anybody.
    if file ~= io.stdout then os.remove(path .. "~") end
    error(result, 0)
  end
  close_output(file, path)
  place:close()
  command.say(("info\tsaved %d files; the backup is complete"):format(result.files))
end

return function(arguments)
  local words = command.parse(arguments, {}, usage)
  if #words > 1 then command.fail(usage, 64) end
  command.check_environment()
  return command.run(function()
    require("foundry.data.prosody").start()
    backup(words[1])
  end)
end
