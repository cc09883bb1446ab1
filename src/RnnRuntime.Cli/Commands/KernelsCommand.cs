using System.CommandLine;
using System.Text.Json;

namespace RnnRuntime.Cli.Commands;

internal static class KernelsCommand
{
    private static readonly Option<bool> AsJson = new("--json") { Description = "Write JSON." };

    public static Command Create()
    {
        var command = new Command("kernels", "Lists the kernel variants, best first: the names that --kernel and RNNRUNTIME_KERNEL take.") { AsJson };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        // A bad RNNRUNTIME_KERNEL is an error, but the list is what its user needs to see.
        string? chosen = null;
        ArgumentException? error = null;
        try
        {
            chosen = RnnKernels.Default;
        }
        catch (ArgumentException exception)
        {
            error = exception;
        }

        if (arguments.GetValue(AsJson))
        {
            Json.Write(writer => WriteJson(writer, chosen));
        }
        else
        {
            var listing = new Listing("", "name", "available", "chosen", "description");
            foreach (var kernel in RnnKernels.All)
            {
                listing.Add(kernel.Name, kernel.IsAvailable ? "yes" : "no", kernel.Name == chosen ? "*" : "", kernel.Description);
            }

            listing.Write();
            foreach (var missing in RnnKernels.All.Where(kernel => !kernel.IsAvailable).GroupBy(kernel => kernel.UnavailableReason))
            {
                Console.Out.WriteLine($"not available: {string.Join(", ", missing.Select(kernel => kernel.Name))}: {missing.Key}");
            }
        }

        return error is null ? 0 : throw error;
    }

    private static void WriteJson(Utf8JsonWriter writer, string? chosen)
    {
        writer.WriteString("chosen", chosen);
        writer.WriteStartArray("kernels");
        foreach (var kernel in RnnKernels.All)
        {
            writer.WriteStartObject();
            writer.WriteString("name", kernel.Name);
            writer.WriteString("description", kernel.Description);
            writer.WriteBoolean("available", kernel.IsAvailable);
            writer.WriteString("reason", kernel.UnavailableReason);
            writer.WriteBoolean("chosen", kernel.Name == chosen);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
