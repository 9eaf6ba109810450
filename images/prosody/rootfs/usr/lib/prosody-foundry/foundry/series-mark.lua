-- The newest series that used the data. An older one may misread what a newer one wrote, so it does not start.

local shipped = require("foundry.shipped")
local folders = require("foundry.folders")

local path = folders.data .. "/.prosody-series"

-- nil where this Prosody may go on; else a sentence. `where` is what holds the data.
local function judge(mark, where)
  if not mark or not mark.series or shipped.is_since(mark.series) then return nil end
  return ("%s was used by Prosody %s already, and this is %s, which may misread it: use an image of %s, or restore a backup from before."):format(
    where, mark.release or mark.series, shipped.release, mark.series)
end

local function is_news(mark)
  return not mark or not mark.series or mark.series ~= shipped.series or mark.release ~= shipped.release
end

local function read()
  local file = io.open(path)
  local line = file and file:read()
  if file then file:close() end
  local series, release = (line or ""):match("^(%S+) (%S+)$")
  return series and { series = series, release = release }
end

local function judge_folder()
  local mark = read()
  return judge(mark, "The data in " .. folders.data), mark
end

return {
  judge = judge,
  is_news = is_news,
  own = { series = shipped.series, release = shipped.release },
  judge_folder = judge_folder,
  -- A sentence, or nil, and then this Prosody is noted in the data folder.
  check_folder = function()
    local problem, mark = judge_folder()
    if problem then return problem end
    local file = is_news(mark) and io.open(path, "w")
    if file then
      file:write(shipped.series, " ", shipped.release, "\n")
      file:close()
    end
  end,
}
