-- How long messages and files are kept, and whose.

local function seconds(days)
  return days == "never" and "never" or math.tointeger(days * 86400 // 1)
end

return function(context, set)
  local values = context.values
  local archive = values.PROSODY_ARCHIVE_EXPIRY_DAYS or values.PROSODY_RETENTION_DAYS
  local uploads = values.PROSODY_UPLOAD_EXPIRY_DAYS or values.PROSODY_RETENTION_DAYS
  set("global", "archive_expires_after", seconds(archive))
  set("global", "muc_log_expires_after", seconds(archive))
  -- A number in all series, and 0.12 knows no word for it.
  set("global", "http_file_share_expires_after", uploads == "never" and 100 * 365 * 86400 or seconds(uploads))
  set("global", "default_archive_policy", ({ always = true, never = false, roster = "roster" })[values.PROSODY_ARCHIVE_POLICY])
end
