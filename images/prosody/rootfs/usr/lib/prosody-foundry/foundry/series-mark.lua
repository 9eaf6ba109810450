-- The newest series that used the data. An older one may misread what a newer one wrote, so it does not start.

local shipped = require("foundry.shipped")
local folders = require("foundry.folders")
local write_safely = require("foundry.write-safely")

local path = folders.data .. "/.prosody-series"
local no_such_file = 2 -- ENOENT

-- nil where this Prosody may go on; else a sentence. `where` is what holds the data.
local function judge(mark, where)
  if not mark or not mark.series or shipped.is_since(mark.series) then return nil end
  return ("%s was used by Prosody %s already, and this is %s, which may misread it: use an image of %s, or restore a backup from before."):format(
    where, mark.release or mark.series, shipped.release, mark.series)
end

local function is_news(mark)
  return not mark or not mark.series or mark.series ~= shipped.series or mark.release ~= shipped.release
end

-- The mark, or nil where there is none, or nil and why it tells nothing.
local function read()
  local file, reason, code = io.open(path)
  if not file then return nil, code ~= no_such_file and "cannot be read (" .. reason:gsub("^.*: ", "") .. ")" or nil end
  local line = file:read()
  file:close()
  local series, release = (line or ""):match("^(%S+) (%S.*)$")
  if not series then return nil, "is empty or damaged" end
  return { series = series, release = release }
end

-- Any mark would be older than the newest series, or of it.
local function judge_folder()
  local mark, wrong = read()
  if wrong and not shipped.is_newest then
    return ("%s, which notes the newest Prosody that used the data, %s. If none newer than %s did, remove that file, and start again."):format(
      path, wrong, shipped.series)
  end
  return judge(mark, "The data in " .. folders.data), mark
end

local function write()
  return write_safely(path, shipped.series .. " " .. shipped.release .. "\n")
end

-- A sentence; or nil, and this Prosody is noted in the data folder; or nil and a warning, where it is of a series that was
-- noted before and its release could not be.
local function check_folder()
  local problem, mark = judge_folder()
  if problem or not is_news(mark) then return problem end
  local written, reason = write()
  if written then return nil end
  local sentence = ("%s cannot be written: %s."):format(path, reason)
  if mark and mark.series == shipped.series then return nil, sentence end
  return sentence .. " Without it an older Prosody would misread the data unwarned: make room there, and start again."
end

return {
  judge = judge,
  is_news = is_news,
  own = { series = shipped.series, release = shipped.release },
  judge_folder = judge_folder,
  check_folder = check_folder,
}
