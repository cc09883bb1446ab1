using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>One loop for all functions of one element, and one for all functions of two that broadcast.</summary>
internal static class Elementwise
{
    public static HostTensor Map<T>(NodeArguments node, HostTensor x, Func<T, T> function)
        where T : unmanaged
    {
        var data = node.Allocate(x.Type, x.Shape);
        var values = x.Values<T>();
        var results = MemoryMarshal.Cast<byte, T>(data.AsSpan());
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = function(values[i]);
        }

        return new HostTensor(x.Type, x.Shape, data);
    }

    public static HostTensor Zip<T, TResult>(NodeArguments node, ElementType type, HostTensor a, HostTensor b, Func<T, T, TResult> function)
        where T : unmanaged
        where TResult : unmanaged
    {
        var shape = ShapeArithmetic.BroadcastShape(node.Location, a.Shape, b.Shape);
        var data = node.Allocate(type, shape);
        var left = a.Values<T>();
        var right = b.Values<T>();
        var results = MemoryMarshal.Cast<byte, TResult>(data.AsSpan());
        var walker = new Walker(shape, Walker.Broadcast(a.Shape, shape), Walker.Broadcast(b.Shape, shape));
        for (var i = 0; i < results.Length; i++, walker.Next())
        {
            results[i] = function(left[walker[0]], right[walker[1]]);
        }

        return new HostTensor(type, shape, data);
    }

    /// <summary>A function of doubles on another type, rounded once.</summary>
    public static Func<T, T> Rounded<T>(Func<double, double> function)
        where T : INumber<T> => x => T.CreateTruncating(function(double.CreateTruncating(x)));

    public static Func<T, T, T> Rounded<T>(Func<double, double, double> function)
        where T : INumber<T> => (a, b) => T.CreateTruncating(function(double.CreateTruncating(a), double.CreateTruncating(b)));
}
