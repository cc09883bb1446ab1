using System.Globalization;

namespace RnnRuntime.Bench.Measuring;

/// <summary>Values that several commands take.</summary>
internal static class OptionValue
{
    internal static string Kernel(string name)
    {
        string[] available = [.. RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name)];
        return available.Contains(name) ? name : throw new UsageException($"Kernel '{name}' is none of those that can run here: {string.Join(", ", available)}.");
    }

    internal static int Integer(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw new UsageException($"{name} takes a positive integer; found '{text}'.");
}
