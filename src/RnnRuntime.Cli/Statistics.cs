using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli;

/// <summary>What <c>--stats</c> ends with, on standard error.</summary>
internal static class Statistics
{
    public static void Write(ModelSource source, StepTimes times, long allocatedBytes, params (string Name, string Value)[] more)
    {
        var parameters = source.Model.Graph.DescribeNodes().Sum(node => node.ParameterCount);
        (string Name, string Value)[] lines =
        [
            more[0],
            ("step", times.Describe()),
            ("allocated", $"{allocatedBytes} bytes"),
            ("kernel", source.Model.Kernel),
            ("model", $"{source.Name}, {source.Bytes} bytes ({Text.Bytes(source.Bytes)}), {parameters} parameters"),
            .. more[1..],
        ];
        foreach (var (name, value) in lines)
        {
            Console.Error.WriteLine($"{name,-12}{value}");
        }
    }
}
