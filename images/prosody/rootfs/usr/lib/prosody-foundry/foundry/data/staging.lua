-- New files for the data folder, which take their place at once or not at all. They are laid out in a folder of their
-- own; when all are there, a plan is written, and from then on whoever comes next finishes it.
--
--   .foundry-incoming/tree/…  the new files       .foundry-incoming/plan  paths of what goes, one a line
--   .foundry-replaced/…       what went
--
-- Databases keep what they are given at a moment of their own. From before the first of them does until the plan is there,
-- `.foundry-unfinished` names the command: whoever finds it, and no plan, cannot know how far that came.
--
-- All of it takes its place by being renamed, so the folder has to be of one piece.

local lfs = require("lfs")
local entries = require("foundry.data.entries")
local disk = require("foundry.disk")
local write_safely = require("foundry.write-safely")
local incoming, replaced, unfinished = "/.foundry-incoming", "/.foundry-replaced", "/.foundry-unfinished"

local function is_folder(path) return lfs.symlinkattributes(path, "mode") == "directory" end

local function remove(path)
  if is_folder(path) then
    for _, name in ipairs(entries(path)) do remove(path .. "/" .. name) end
    return lfs.rmdir(path)
  end
  return os.remove(path)
end

local function make_parents(path)
  for at in path:gmatch("()/") do
    if at > 1 then lfs.mkdir(path:sub(1, at - 1)) end
  end
end

local function move(from, to)
  make_parents(to)
  local ok, reason = os.rename(from, to)
  if not ok then error(("%s cannot be moved: %s."):format(from, reason), 0) end
end

local function exists(path) return lfs.symlinkattributes(path, "mode") ~= nil end

-- Each step leaves a trace, so that it is not done twice: what went is in its new place, what came is not in the tree.
local function put_away(folder, plan)
  for _, path in ipairs(plan) do
    if exists(folder .. "/" .. path) and not exists(folder .. replaced .. "/" .. path) then
      move(folder .. "/" .. path, folder .. replaced .. "/" .. path)
    end
  end
end

-- A folder that is there already takes what comes; nothing of it has the same name any more.
local function bring_in(from, to)
  for _, name in ipairs(entries(from)) do
    local new, old = from .. "/" .. name, to .. "/" .. name
    if is_folder(new) and is_folder(old) then
      bring_in(new, old)
      lfs.rmdir(new)
    else
      move(new, old)
    end
  end
end

local function read_plan(folder)
  local file = io.open(folder .. incoming .. "/plan")
  if not file then return nil end
  local plan = {}
  for line in file:lines() do plan[#plan + 1] = line end
  file:close()
  return plan
end

local function clean(folder)
  os.remove(folder .. incoming .. "/plan")
  remove(folder .. incoming)
  remove(folder .. replaced)
end

local remedies = {
  restore = "run `restore --replace` with the same backup again",
  ["migrate-storage"] = "run the same `migrate-storage` with --replace again",
}

-- The command that was interrupted when some databases may have had the new data and the files had not; or nil.
local function command_of(folder)
  local file = io.open(folder .. unfinished)
  if not file then return nil end
  local name = file:read()
  file:close()
  return remedies[name] and name or "restore"
end

local function refuse_unfinished(folder, own_command)
  local command = command_of(folder)
  -- A restore puts all in its place, whatever is there.
  if not command or own_command == "restore" or own_command == command then return end
  error(("%s was interrupted when a database may have had the new data, and the files had not: %s."):format(command,
    remedies[command]), 0)
end

local function sync_all(folder)
  local done, reason = disk.sync_all(folder)
  if not done then error(("What is in %s cannot be written to the disk: %s."):format(folder, reason), 0) end
end

local function settle(folder)
  os.remove(folder .. unfinished)
  disk.sync(folder)
end

-- Finishes what was interrupted after all was there, forgets what was interrupted before, refuses what is neither, but for a
-- command that does it all anew. Answers whether it finished.
local function finish(folder, own_command)
  local plan = read_plan(folder)
  if not plan then refuse_unfinished(folder, own_command) end
  if plan then
    put_away(folder, plan)
    bring_in(folder .. incoming .. "/tree", folder)
    sync_all(folder)
    settle(folder)
  end
  if exists(folder .. incoming) or exists(folder .. replaced) then clean(folder) end
  return plan ~= nil
end

local function unescape(text)
  return (text:gsub("\\(%d%d%d)", function(digits) return string.char(tonumber(digits, 8)) end))
end

-- Refuses a folder that holds mounts, which no file can be renamed into or out of.
local function check(folder)
  local file = io.open("/proc/self/mountinfo")
  if not file then return end
  local inside
  for line in file:lines() do
    local point = unescape(line:match("^%S+ %S+ %S+ %S+ (%S+)") or "")
    if point:sub(1, #folder + 1) == folder .. "/" then inside = point end
  end
  file:close()
  if inside then error(("%s is a mount of its own: its files cannot be replaced at once. Unmount it meanwhile."):format(inside), 0) end
end

-- Where the new files go.
local function prepare(folder, own_command)
  check(folder)
  finish(folder, own_command)
  make_parents(folder .. incoming .. "/tree/")
  return folder .. incoming .. "/tree"
end

-- Writes down what goes. Nothing is decided yet.
local function plan(folder, list)
  local path = folder .. incoming .. "/plan~"
  local file, reason = io.open(path, "w")
  if not file then error(("%s cannot be written: %s."):format(path, reason), 0) end
  local written = file:write(table.concat(list, "\n"), #list > 0 and "\n" or "")
  if not (file:close() and written) then error(("There is no room in %s."):format(folder), 0) end
end

-- Before the first database keeps anything. Answers whether such a note was there already.
local function begin(folder, command)
  local was_there = command_of(folder) ~= nil
  local done, reason = write_safely(folder .. unfinished, command .. "\n")
  if not done then error(("%s cannot be written: %s."):format(folder .. unfinished, reason), 0) end
  sync_all(folder)
  return was_there
end

-- From here on there is no way back.
local function decide(folder)
  local path = folder .. incoming .. "/plan"
  local ok, reason = os.rename(path .. "~", path)
  if not ok then error(("%s cannot be renamed: %s."):format(path .. "~", reason), 0) end
  disk.sync(folder .. incoming)
end

return {
  begin = begin, settle = settle, sync_all = sync_all, refuse_unfinished = refuse_unfinished,
  check = check, prepare = prepare, plan = plan, decide = decide, finish = finish, drop = clean, make_parents = make_parents,
}
