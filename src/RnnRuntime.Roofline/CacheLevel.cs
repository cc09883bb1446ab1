using System.Globalization;

namespace RnnRuntime.Roofline;

/// <summary>One level of the memory hierarchy as one core sees it; <see cref="Bytes"/> is <see cref="long.MaxValue"/> for DRAM.</summary>
internal sealed record CacheLevel(string Name, long Bytes)
{
    private const string SysfsRoot = "/sys/devices/system/cpu/cpu0/cache";

    /// <summary>Data caches from the operating system, or typical sizes where it does not tell, with DRAM last.</summary>
    internal static (IReadOnlyList<CacheLevel> Levels, bool Assumed) Detect()
    {
        var levels = new SortedDictionary<int, long>();
        if (Directory.Exists(SysfsRoot))
        {
            foreach (string index in Directory.EnumerateDirectories(SysfsRoot, "index*"))
            {
                if (ReadLine(index, "type") != "Instruction" && int.TryParse(ReadLine(index, "level"), out int level))
                {
                    levels[level] = ParseSize(ReadLine(index, "size"));
                }
            }
        }

        bool assumed = levels.Count == 0;
        if (assumed)
        {
            (levels[1], levels[2], levels[3]) = (32 << 10, 512 << 10, 16 << 20);
        }

        return ([.. levels.Select(pair => new CacheLevel($"L{pair.Key}", pair.Value)), new CacheLevel("DRAM", long.MaxValue)], assumed);
    }

    private static string ReadLine(string directory, string file)
    {
        string path = Path.Combine(directory, file);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : "";
    }

    private static long ParseSize(string text)
    {
        int shift = text.EndsWith('K') ? 10 : text.EndsWith('M') ? 20 : 0;
        return long.Parse(text.TrimEnd('K', 'M'), CultureInfo.InvariantCulture) << shift;
    }
}
